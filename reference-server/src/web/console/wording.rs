//! What organisers read: a sentence for every refusal, a word for every role and state.

use quiz_core::statistics::ItemFlag;
use wechat_adapter::pay::v3::InvalidBill;

use crate::{
    config::Origin,
    contest::{
        bills::ImportError,
        books_seal::OpenItem,
        bulletin::Difference,
        dead_letter::Act,
        edition::{Note, Problem},
        honour::Formula,
        organiser::{Refused, Role, Roles, roster::AccountState},
        page_check::Flaw,
        page_picture::PictureProblem,
        pause::Subject,
        preflight::Part,
    },
    picture::PictureError,
    settings::SecretName,
    web::moment,
};

/// What happened, and what can be done now.
#[expect(
    clippy::too_many_lines,
    reason = "a sentence for every refusal is read as one table"
)]
pub(super) fn refused(refused: &Refused) -> (String, String) {
    let (title, detail) = match refused {
        Refused::SignIn => (
            "名称、密码或验证码不对",
            "请核对后再试。同一个验证码只能用一次；连续 5 次不对要等一会儿。",
        ),
        Refused::Wait { seconds } => {
            let title = format!("试得太多了，请等 {} 再试", span(*seconds));
            return (title, "等待期间账号仍然安全，不需要做什么。".to_owned());
        }
        Refused::BankNotReady { reasons } => {
            let detail = format!("{}。草稿都保留着。", reasons.join("；"));
            return ("题库还不能提交".to_owned(), detail);
        }
        Refused::BankFile { problem } => {
            let title = "这个文件没有收下，草稿没有变".to_owned();
            return (title, problem.clone());
        }
        Refused::QuestionUnfit { part, problem } => {
            let title = format!("这道题还不能保存：{}", question_part(part));
            return (title, format!("{problem}。"));
        }
        Refused::WrongCode => (
            "验证码不对，或者已经用过",
            "请等验证器换出下一个 6 位数再试；手机的时间要准。",
        ),
        Refused::LinkEnded => (
            "这个链接已经失效",
            "链接 24 小时内有效，只能用一次。请安全管理员重新发一个。",
        ),
        Refused::PasswordLength => ("密码要 12 到 128 个字符", "可以用一句自己记得住的话。"),
        Refused::PasswordPlain => (
            "这个密码太容易猜",
            "密码里不要有账号名称，也不要只用一个字符。",
        ),
        Refused::PasswordsDiffer => ("两次输入的密码不一样", "请重新输入。"),
        Refused::NameTaken => (
            "这个名称已经有人用了",
            "名称写进审计日志，不能再给别人，请换一个。",
        ),
        Refused::NameForm => (
            "名称的写法不对",
            "账号名称用 2 到 32 个小写字母、数字、点或连字符，以字母开头；姓名用 1 到 40 个字。",
        ),
        Refused::RolesClash => (
            "这些角色不能在一起",
            "城市编辑要选一个城市，不兼其他角色；审计不兼其他角色；财务经办和财务复核不能是同一个人。",
        ),
        Refused::StepUpRequired => (
            "请再输入一次验证码",
            "这件事要在 5 分钟内验证过本人才能做。",
        ),
        Refused::SamePerson => ("提出的人不能自己批准", "请另一位有权限的同事来审。"),
        Refused::NotTheMaker => ("只有提出的人能撤回", "您可以驳回它，并写明理由。"),
        Refused::NotWaiting => ("这一项已经处理过了", "刷新页面看最新的状态。"),
        Refused::OtherContent => ("内容已经不是您看到的那一份", "请刷新页面，重新看过再决定。"),
        Refused::ReasonMissing => ("请写明理由", "理由要写，最多 500 个字；它会进审计日志。"),
        Refused::SentenceForm => (
            "给参赛人的一句话写得不对",
            "写一行，4 到 100 个字：发生了什么、什么时候恢复。",
        ),
        Refused::SubjectUnknown => ("没有说明是哪一项", "请在本页的表里选。"),
        Refused::PageUnfit { flaws } => {
            let items: Vec<String> = flaws.iter().map(flaw).collect();
            return ("这一版还不能用".to_owned(), items.join(""));
        }
        Refused::PictureUnfit { problem } => {
            return ("这张图片不能用".to_owned(), picture_problem(problem));
        }
        Refused::NotPaused => ("这一项现在没有暂停", "刷新页面看最新的状态。"),
        Refused::TwoPersons => ("恢复发放要两个人", "请财务经办提出，再由财务复核批准。"),
        Refused::AlreadyProposed => (
            "已经有人提出，正在等审核",
            "请有权限的同事在本页批准或驳回，然后再提。",
        ),
        Refused::NotInThisState { state } => {
            let detail = format!(
                "它现在是“{}”。请刷新页面，看最新的状态再决定。",
                payment_state(state).0
            );
            return ("这笔付款现在不能这样处理".to_owned(), detail);
        }
        Refused::IncidentEnded => ("这件差异已经了结", "刷新页面看是怎样了结的。"),
        Refused::ActionUnfit => (
            "这样处理不适合这件事",
            "扣住的付款要说明去向；账单差异要写明原因，或提出一笔更正。请重新选择。",
        ),
        Refused::Overdrawn => ("这个账户里没有这么多钱", "请核对金额和转出的账户。"),
        Refused::RailNotPaused => (
            "付款通道没有被人工暂停",
            "因故障自动暂停的，五分钟后会自己再试，不需要恢复。",
        ),
        Refused::DayOpen => (
            "这一天还不能关账",
            "要有当日账单，且没有未说明的差异、等账单的单号和未了结的事项。",
        ),
        Refused::DayClosed => ("这一天已经关账", "关账只做一次；以后的更正另记。"),
        Refused::BooksOpen { reasons } => {
            let items: Vec<String> = reasons.iter().map(open_item).collect();
            return ("现在还不能封账".to_owned(), items.join("；") + "。");
        }
        Refused::BooksSealed => ("这个城市已经封账", "封账以后只接受两人核定的更正。"),
        Refused::TooLate => ("首站已经开赛，公式不能再改", "排名公式要在开赛前定下。"),
        Refused::TooEarly => (
            "现在还不能提出获奖城市",
            "要等全部城市结束、数字统计完，并写明取前几名。",
        ),
        Refused::BooksDiffer => (
            "账目对不上，不能签发",
            "请财务和技术先查清差异，再重新统计。草稿会一直保留。",
        ),
        Refused::TextTooLong => ("文字太长了", "情况说明和明日安排各最多 2000 个字。"),
        Refused::SecretForm(name) => {
            let title = format!("{}的写法不对", secret(*name));
            return (title, secret_form(*name).to_owned());
        }
        Refused::NotYours => (
            "省库的题由省级管理员提出更正",
            "省库的题各市都在用，更正批准后各市同时生效。请告诉省级管理员是哪一题、错在哪里。",
        ),
        Refused::NothingToCorrect => (
            "这道题不需要这样更正",
            "同样的更正已经生效或正在等人审核，或者所选的就是原来的答案。",
        ),
        Refused::ScheduleUnfit { problems } => {
            let items: Vec<String> = problems.iter().map(problem).collect();
            return ("这一版赛程还不能用".to_owned(), items.join(""));
        }
        Refused::Superseded => (
            "赛程已经换了新的一版",
            "您改的是旧的一版。请打开赛程页，在现行的一版上重新改。",
        ),
        Refused::BankFrozen => (
            "题库已经冻结，不能再换",
            "从开赛的那一刻起题库不再改动。发现题目有错，请在题库页面点开那一题提出更正。",
        ),
        Refused::BankCorrected => (
            "这个题库已有更正，不能再换",
            "更正按题号记着。请继续在题库页面对有错的题提出更正。",
        ),
        Refused::BankSame => ("和现行题库一模一样", "没有要审核的改动，不用提交。"),
        Refused::DraftChanged => (
            "草稿刚刚被别人改过",
            "您的这一步没有保存。请回到草稿页面刷新，看过最新的内容再做。",
        ),
        Refused::NotFound => ("没有找到", "地址可能抄错了，或者不在您负责的城市。"),
    };
    (title.to_owned(), detail.to_owned())
}

fn span(seconds: i64) -> String {
    if seconds < 60 {
        format!("{seconds} 秒")
    } else {
        format!("{} 分钟", seconds.saturating_add(59).div_euclid(60))
    }
}

/// The word for a payment's state, and its tone; the one place where they are.
pub(crate) fn payment_state(state: &str) -> (&'static str, &'static str) {
    match state {
        "reserved" => ("等待发放", ""),
        "in_flight" => ("发放中", ""),
        "unknown" => ("待查单", "warn"),
        "deferred" => ("稍后再发", "warn"),
        "sent" => ("已发出，待领取", "good"),
        "received" => ("已到账", "good"),
        "refunding" => ("退回中", "warn"),
        "refunded" => ("已退回", ""),
        "held" => ("已扣住，待人处理", "bad"),
        "dead" => ("此单号已作废", "bad"),
        _ => ("无数据", ""),
    }
}

/// The word for what can be paused.
pub(super) fn subject(subject: Subject) -> &'static str {
    match subject {
        Subject::Quiz => "答题",
        Subject::Claims => "拆红包",
        Subject::Payouts => "红包发放",
        Subject::Referral => "邀请机会",
    }
}

/// What a pause of it does, and what goes on meanwhile.
pub(super) fn pause_means(subject: Subject) -> &'static str {
    match subject {
        Subject::Quiz => "不再抽新题；已经抽到的题可以交卷，照常判分。",
        Subject::Claims => "不再拆红包；通过资格和机会都保留，本市结束前有效。",
        Subject::Payouts => "红包照常可以拆，只是先不付款；已经付出去的照常查单。",
        Subject::Referral => "好友关注照常，但不增加机会；恢复以后也不补记。",
    }
}

/// Where people read the sentence.
pub(super) fn pause_is_read(subject: Subject) -> &'static str {
    match subject {
        Subject::Quiz => "首页、开始答题时、公众号回复",
        Subject::Claims => "首页、成绩页、我的竞答",
        Subject::Payouts => "首页、红包页",
        Subject::Referral => "首页、海报页",
    }
}

/// Who may let it go on.
pub(super) fn pause_is_lifted_by(subject: Subject) -> &'static str {
    match subject {
        Subject::Payouts => "财务经办提出，财务复核批准",
        Subject::Quiz | Subject::Claims | Subject::Referral => "省级管理员",
    }
}

/// The word for a rail.
pub(crate) fn rail(rail: &str) -> &'static str {
    match rail {
        "transfer" => "商家转账",
        _ => "现金红包",
    }
}

/// The word for what may be done about a payment.
pub(crate) const fn act(act: Act) -> &'static str {
    match act {
        Act::Ask => "立即查单",
        Act::Hold => "扣住",
        Act::SendAgain => "重发同一单号",
        Act::Renew => "换新单号",
    }
}

/// The word for an account of a city's ledger.
pub(super) fn account(account: &str) -> &'static str {
    match account {
        "pool" => "资金池",
        "reserved" => "待发",
        "sent" => "在途",
        "received" => "已到账",
        "left" => "退回与作废",
        "suspense" => "存疑",
        _ => "无数据",
    }
}

/// The word for a class of difference, with its code behind it.
pub(super) fn class(class: &str) -> String {
    let words = match class {
        "R0" => "相符",
        "R1" => "我方落后",
        "R2" => "补记",
        "R3" => "账单缺失",
        "R4" => "与账单矛盾",
        "R5" => "无主",
        "R6" => "金额不符",
        "R7" => "重复付款",
        "held" => return "被扣住的付款".to_owned(),
        _ => return class.to_owned(),
    };
    format!("{words} {class}")
}

/// What stands against sealing a city.
fn open_item(item: &OpenItem) -> String {
    match item {
        OpenItem::TooEarly { day, .. } => {
            format!("{} 以前账还没有走完", moment::date(day.start()))
        }
        OpenItem::NoBill { day } => format!("没有 {day} 的账单"),
        OpenItem::Unended { state, n, examples } => {
            format!("{n} 笔付款{}（{examples}）", payment_state(state).0)
        }
        OpenItem::Waiting { n, examples } => format!("{n} 笔付款等账单（{examples}）"),
        OpenItem::Different {
            class: of,
            n,
            examples,
        } => {
            format!("{n} 笔付款{}（{examples}）", class(of.code()))
        }
        OpenItem::Incident {
            incident,
            class: of,
            tail,
        } => {
            format!("第 {incident} 号事项未了结（{}，…{tail}）", class(of))
        }
        OpenItem::Violation { invariant, detail } => {
            format!("账目自查不符 {invariant}（{detail}）")
        }
    }
}

/// What happened to a payment, in the payout machine's word and in ours.
pub(super) fn payment_event(event: &str) -> String {
    let words = match event {
        "due" => "发往微信",
        "reply" => "微信答复",
        "lease_expired" => "没有等到答复",
        "query_result" => "查单有结果",
        "query_error" => "查单没有结果",
        "tick" => "到期检查",
        "new_attempt" | "new-attempt" => "换了新单号",
        "operator" => "两人裁定",
        "hold" => "人工扣住",
        "bill_contradicts" => "账单与我方不符",
        "package" => "微信给出确认页",
        "told" => "收到微信通知",
        "news" => "有了新消息，提前查单",
        "quiet" => "还没到时候，照原定时间再办",
        "person-looks" => "本人查看，提前查单",
        "person-quota" => "本人当日次数已满，改日再发",
        "stuck" => "无法处理，稍后再试",
        // A word of a newer version stands for itself.
        _ => return event.to_owned(),
    };
    format!("{words}（{event}）")
}

/// The word for what can be tried by itself.
pub(super) const fn part(part: Part) -> &'static str {
    match part {
        Part::Token => "令牌",
        Part::Payment => "支付证书",
        Part::Callback => "回调签名",
        Part::Echo => "回显",
    }
}

/// The word for where a value comes from.
pub(super) const fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Default => "默认",
        Origin::File => "配置文件",
        Origin::Environment => "环境变量",
    }
}

/// The word for a secret.
pub(super) const fn secret(name: SecretName) -> &'static str {
    match name {
        SecretName::AppSecret => "公众号 AppSecret",
        SecretName::CallbackToken => "回调 Token",
        SecretName::EncodingAesKey => "回调 EncodingAESKey",
        SecretName::RedPacketKey => "商户 APIv2 密钥",
        SecretName::RedPacketIdentity => "商户 API 证书和私钥",
        SecretName::V3PrivateKey => "商户 APIv3 私钥",
        SecretName::ApiV3Key => "商户 APIv3 密钥",
    }
}

/// What a secret has to look like.
pub(super) const fn secret_form(name: SecretName) -> &'static str {
    match name {
        SecretName::AppSecret => "32 个字母和数字，从公众平台“基本配置”复制。",
        SecretName::CallbackToken => "3 到 32 个字母和数字，要与公众平台填的一样。",
        SecretName::EncodingAesKey => "43 个字母和数字，要与公众平台填的一样。",
        SecretName::RedPacketKey => "32 个字母和数字，要与商户平台设置的一样。",
        SecretName::RedPacketIdentity => {
            "apiclient_cert.pem 和 apiclient_key.pem 两个文件的全部内容，一前一后贴在一起；证书和私钥要是一对。"
        }
        SecretName::V3PrivateKey => {
            "apiclient_key.pem 的全部内容；换了证书的，配置里的 merchant.v3.serial 也要改成新序列号。"
        }
        SecretName::ApiV3Key => "32 个字母和数字，要与商户平台设置的一样。",
    }
}

/// The word for a role.
pub(super) fn role(role: Role) -> &'static str {
    match role {
        Role::ProvinceAdmin => "省级管理员",
        Role::CityEditor => "城市编辑",
        Role::ContentApprover => "内容审核人",
        Role::FinanceOperator => "财务经办",
        Role::FinanceApprover => "财务复核",
        Role::Auditor => "审计（只读）",
        Role::SecurityAdmin => "安全管理员",
    }
}

/// The words for several roles.
pub(super) fn roles(roles: &Roles) -> String {
    roles.iter().map(role).collect::<Vec<_>>().join("、")
}

/// The word for an account's state.
pub(super) fn account_state(state: AccountState) -> &'static str {
    match state {
        AccountState::Invited => "待设置",
        AccountState::Active => "使用中",
        AccountState::Disabled => "已停用",
    }
}

/// What cities are ranked by, as it is published.
pub(super) fn formula(formula: Formula) -> &'static str {
    match formula {
        Formula::NewPeople => "首次参加人数：在本市 7 天里交卷、并且是第一次参加本季竞赛的人数",
        Formula::People => "交卷人数：在本市 7 天里交卷的人数，在别市参加过的也算",
        Formula::NewPeoplePerFollower => {
            "首次参加率：首次参加人数除以开赛时已关注人数，以千分之几表示"
        }
    }
}

/// What stands against a version of a city's page, as one sentence.
pub(super) fn flaw(flaw: &Flaw) -> String {
    match flaw {
        Flaw::Empty => "正文要有内容。".to_owned(),
        Flaw::TooLong { n_characters } => {
            format!("正文有 {n_characters} 个字，最多 1 万字。")
        }
        Flaw::TooManyLinks { n_links } => format!("相关链接有 {n_links} 个，最多 6 个。"),
        Flaw::LinkWords { url } => {
            format!("链接 {url} 前面要写名称，1 到 30 个字。")
        }
        Flaw::LinkForm { url } => {
            format!("链接 {url} 写得不对：要以 https:// 开头，后面是完整的网址。")
        }
        Flaw::LinkHost { host } => {
            format!("链接指向 {host}，不在允许的网站之内。")
        }
        Flaw::LinkAsHtml => "链接请写成 [文字](https://网址)，不要用 HTML 标签。".to_owned(),
        Flaw::PictureWords { name } => {
            format!("图片 {name} 要有说明：![写给看不见图片的人](图片名)，1 到 100 个字。")
        }
        Flaw::PictureUnknown { name } => {
            format!("没有图片 {name}：先上传，再用列出的图片名。")
        }
        Flaw::HourPassed { at } => {
            format!(
                "公布时间 {} 已经过了；要立即公布请留空。",
                moment::minute(*at)
            )
        }
    }
}

/// Why a picture is not taken, as one sentence.
fn picture_problem(problem: &PictureProblem) -> String {
    match problem {
        PictureProblem::TooLarge { n_bytes } => {
            let tenths = n_bytes.saturating_mul(10).div_ceil(1024 * 1024);
            format!(
                "文件有 {}.{} MB，最多 2 MB。请先缩小再上传。",
                tenths.div_euclid(10),
                tenths.rem_euclid(10)
            )
        }
        PictureProblem::TooMany => "本市已经有 60 张图片，不能再传。".to_owned(),
        PictureProblem::File(PictureError::TooManyPixels { width, height }) => {
            format!("图片有 {width}×{height} 像素，最多 1600 万像素。请先缩小再上传。")
        }
        PictureProblem::File(PictureError::UnknownKind) => {
            "只收 JPEG、PNG、WebP 图片，按内容认，不看文件名。".to_owned()
        }
        PictureProblem::File(_) => "图片打不开，可能已经损坏。请重新导出再上传。".to_owned(),
    }
}

/// What stands against an edition of the timetable, as one sentence.
pub(super) fn problem(problem: &Problem) -> String {
    match problem {
        Problem::UnknownCity(city) => format!("本省没有“{city}”。"),
        Problem::Twice(city) => format!("{city}出现了两次，一个城市只有一站。"),
        Problem::Reversed(city) => format!("{city}的结束日期早于开始日期。"),
        Problem::Length {
            city,
            n_days,
            wanted,
        } => format!(
            "{city}的竞赛是 {n_days} 天，要正好 {wanted} 天：红包总额按每天的上限乘以天数公布。"
        ),
        Problem::Overlap { first, second } => {
            format!("{first}和{second}的竞赛日期重叠，同一时间只能有一个城市开赛。")
        }
        Problem::PreheatTooLong(city) => format!("{city}的预热要在开赛以前结束。"),
        Problem::Empty => "一个城市也没有。".to_owned(),
        Problem::BeforePublicity => "首站开赛早于前期宣传。".to_owned(),
        Problem::Running(city) => format!("{city}正在竞赛，参与者以公布的时间为准，不能改。"),
        Problem::Over(city) => format!("{city}的竞赛已经结束，不能改。"),
        Problem::Sealed(city) => {
            format!("{city}的题库已冻结、红包已按这几天封存并公布承诺，不能改期。")
        }
        Problem::Order(city) => format!("{city}已经封存，不能改变它是第几站。"),
        Problem::TooSoon { city, by } => format!(
            "{city}太近了：按这样的日期，{}就该封存或开始预热，请往后改。",
            moment::minute(*by)
        ),
        Problem::NothingChanged => "和现行的一版完全一样。".to_owned(),
        Problem::Other(other) => format!("不能组成赛程（{other}）。"),
    }
}

/// What whoever approves an edition should know, as one sentence.
pub(super) fn note(note: &Note) -> String {
    match note {
        Note::Gap {
            after,
            before,
            n_days,
        } => format!("{after}和{before}之间有 {n_days} 天没有城市开赛。"),
        Note::NoPreheat(city) => format!("{city}没有预热。"),
        Note::Holiday { city, name } => format!("{city}的竞赛遇到{name}放假。"),
        Note::CalendarEnds(city) => format!("{city}的日子不在节假日历内，请自行核对放假安排。"),
    }
}

/// Which of our own books disagree.
pub(super) fn difference(difference: Difference) -> &'static str {
    match difference {
        Difference::DayCounter => "当日额度与当日红包合计不一致",
        Difference::CityCounter => "奖池已用与全市红包合计不一致",
        Difference::LedgerOfDay => "当日分录与当日红包合计不一致",
        Difference::LedgerOfCity => "奖池分录与全市红包合计不一致",
    }
}

/// What should be looked at in a question.
pub(super) fn item_flag(flag: &ItemFlag) -> String {
    match flag {
        ItemFlag::ProbableWrongKey { option } => {
            format!("高分段更多人选 {}，请核对答案", option.letter())
        }
        ItemFlag::NegativeDiscrimination => "得分高的人反而答错更多".to_owned(),
        ItemFlag::TooEasy => "几乎人人答对".to_owned(),
        ItemFlag::TooHard => "答对的人不到两成".to_owned(),
        ItemFlag::IdleDistractor { option } => format!("{} 几乎没有人选", option.letter()),
        _ => "请复核".to_owned(),
    }
}

/// The stable word for it.
pub(super) fn item_flag_word(flag: &ItemFlag) -> &'static str {
    match flag {
        ItemFlag::ProbableWrongKey { .. } => "probable-wrong-key",
        ItemFlag::NegativeDiscrimination => "negative-discrimination",
        ItemFlag::TooEasy => "too-easy",
        ItemFlag::TooHard => "too-hard",
        ItemFlag::IdleDistractor { .. } => "idle-distractor",
        _ => "other",
    }
}

/// What an event of the audit chain says was done, with its stable word behind it, by which it is looked for.
pub(super) fn action(action: &str) -> String {
    let words = match action {
        "announcement.drafted" => "起草推送",
        "announcement.released" => "放行推送",
        "award.granted" => "发放红包",
        "bill.imported" => "收入账单",
        "bill.handed_in" => "上传账单",
        "books.day_closed" => "关账",
        "books.reconciled" => "对账",
        "books.sealed" => "封账",
        "certificate.added" => "更新平台证书",
        "bulletin.counted" => "统计通报",
        "bulletin.signed" => "签发通报",
        "city.paused" => "暂停",
        "city.planned" => "封存城市红包计划",
        "city.resumed" => "恢复",
        "correction.approved" => "批准更正",
        "correction.proposed" => "提出更正",
        "district.code_made" => "生成区县码",
        "correction.rejected" => "驳回更正",
        "correction.withdrawn" => "撤回更正",
        "incident.opened" => "发现差异",
        "incident.settled" => "差异已解决",
        "incident.taken" => "认领差异",
        "keys.added" => "启用新密钥",
        "keys.destroyed" => "销毁密钥",
        "keys.destruction_decided" => "决定销毁密钥",
        "keys.rotated" => "轮换密钥",
        "organiser.disabled" => "停用账号",
        "organiser.made" => "新建账号",
        "organiser.reset" => "重置账号",
        "organiser.set_up" => "完成账号设置",
        "organiser.signed_in" => "登录",
        "organiser.signed_out" => "退出",
        "organiser.stepped_up" => "再次验证本人",
        "page" => "提醒值班人员",
        "payment.asked" => "人工查单",
        "payment.decided" => "裁定付款",
        "payment.renewed" => "换号重发",
        "payment.step" => "付款进展",
        "payment.stopped" => "扣住付款",
        "person.erased" => "删除个人信息",
        "preflight.made" => "开赛前检查",
        "proposal.approved" => "批准",
        "proposal.made" => "提交复核",
        "proposal.rejected" => "驳回",
        "proposal.withdrawn" => "撤回",
        "question.corrected" => "更正题目",
        "rail.paused" => "暂停付款通道",
        "rail.resumed" => "恢复付款通道",
        "referral.credited" => "记入邀请机会",
        "referral.withheld" => "邀请暂停，未记机会",
        "renewal.approved" => "批准重新发放",
        "renewal.proposed" => "提出重新发放",
        "renewal.rejected" => "驳回重新发放",
        "renewal.withdrawn" => "撤回重新发放",
        "secret.changed" => "更换密钥",
        "settings.tried" => "测试设置",
        "season.opened" => "建立赛季",
        "tax.exported-openids" => "导出实名报税清单",
        // A word of a newer version, or of a module that has no words here yet, stands for itself.
        _ => return action.to_owned(),
    };
    format!("{words}（{action}）")
}

/// Why a file is not taken as a bill; `None` when something below failed.
pub(super) fn bill(error: &ImportError) -> Option<String> {
    Some(match error {
        ImportError::NotABill { problem, .. } => match problem {
            InvalidBill::TooLarge { .. } => "文件太大，不是一天的账单".to_owned(),
            InvalidBill::NotUtf8 => {
                "不是 UTF-8 文本；请上传从商户平台下载的原文件，不要用表格软件另存".to_owned()
            }
            InvalidBill::Heading => {
                "第一行不是资金账单的表头；请上传资金账单，不是交易账单".to_owned()
            }
            InvalidBill::Columns { line, columns } => {
                format!("第 {line} 行有 {columns} 列，列数不对")
            }
            InvalidBill::Value {
                line,
                column,
                value,
            } => {
                format!("第 {line} 行“{column}”的内容“{value}”读不懂")
            }
            InvalidBill::SumsMissing => "文件末尾没有合计，下载不完整".to_owned(),
            InvalidBill::SumsDisagree { .. } => {
                "末尾的合计与各行之和不符，文件被改动过或不完整".to_owned()
            }
            _ => "不是资金账单".to_owned(),
        },
        ImportError::DayUnknown { .. } => "账单里没有一笔流水，请填写是哪一天的账单".to_owned(),
        ImportError::DayNotOver { day, .. } => format!("{day} 还没有过完，账单不会是完整的"),
        ImportError::OtherDay {
            line, booked, day, ..
        } => {
            format!("第 {line} 行记在 {booked}，而这是 {day} 的账单")
        }
        ImportError::Repeated {
            line, flow_number, ..
        } => {
            format!("第 {line} 行的资金流水号 {flow_number} 重复")
        }
        ImportError::Contradicts {
            line,
            flow_number,
            other,
            ..
        } => {
            format!("第 {line} 笔流水 {flow_number} 与 {other} 的账单写得不同")
        }
        ImportError::Amount { line, .. } => format!("第 {line} 行的金额超出范围"),
        ImportError::Failed(_) => return None,
    })
}

/// What a part of a question is called.
fn question_part(part: &str) -> String {
    match part {
        "stem" => "题干".to_owned(),
        "choices" => "选项".to_owned(),
        "key" => "答案".to_owned(),
        "explanation" => "解析".to_owned(),
        "source" => "依据".to_owned(),
        "law_as_of" => "法条时点".to_owned(),
        letter => format!("选项 {letter}"),
    }
}
