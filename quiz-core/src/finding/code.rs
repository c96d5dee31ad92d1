//! The kinds of finding, each with its weight and its sentences in both languages.

use std::fmt;

use super::Severity;

/// Defines the codes: one entry states everything that depends on the code alone.
macro_rules! finding_codes {
    ($($code:ident, $severity:ident, $message:literal, $suggestion:literal, $message_zh:literal, $suggestion_zh:literal;)+) => {
        /// Kind of a finding; its weight and sentences follow from it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize))]
        #[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
        #[non_exhaustive]
        pub enum FindingCode {
            $(#[doc = concat!($message, ".")] $code,)+
        }

        impl FindingCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$code),+];

            /// How much it weighs.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$code => Severity::$severity,)+ }
            }

            /// What was found, in English.
            #[must_use]
            pub const fn message(self) -> &'static str {
                match self { $(Self::$code => $message,)+ }
            }

            /// What to do about it, in English.
            #[must_use]
            pub const fn suggestion(self) -> &'static str {
                match self { $(Self::$code => $suggestion,)+ }
            }

            /// What was found, in Chinese.
            #[must_use]
            pub const fn message_zh(self) -> &'static str {
                match self { $(Self::$code => $message_zh,)+ }
            }

            /// What to do about it, in Chinese.
            #[must_use]
            pub const fn suggestion_zh(self) -> &'static str {
                match self { $(Self::$code => $suggestion_zh,)+ }
            }
        }
    };
}

finding_codes! {
    NoHeader, Error,
        "no row names a column for the stem and one for options or the key",
        "name the columns in one row, for example 题目, 选项A to 选项D, 答案, 解析, 来源",
        "没有找到表头行",
        "请在一行内写明列名，例如：题目、选项A、选项B、选项C、选项D、答案、解析、来源";
    SheetNotRead, Note,
        "the sheet has no table of questions and was not read",
        "nothing, if it holds notes only",
        "该工作表没有题目表，未读取",
        "如仅为说明，无需处理";
    NoQuestions, Error,
        "no question was recognised in the text",
        "number the questions and letter the options, as in the template",
        "没有识别出任何题目",
        "请参照模板为题目编号、为选项标明字母";
    TooManyFindings, Error,
        "there are too many findings; the rest of the file was not read",
        "check whether the file is a question bank, and mend what is listed first",
        "问题过多，文件其余部分未读取",
        "请确认文件为题库，并先改正已列出的问题";
    Malformed, Error,
        "the file breaks the rules of its format here",
        "export the file again, or mend it at this place",
        "文件在此处不符合其格式",
        "请重新导出文件，或在此处改正";
    UnsupportedType, Error,
        "the question is not single choice",
        "rewrite it as a single-choice question or leave it out",
        "不是单项选择题，本竞赛只收单项选择题",
        "请改写为单项选择题，或从题库中移出";
    MissingStem, Error,
        "the stem is missing",
        "write the stem",
        "缺少题干",
        "请补写题干";
    MissingOptions, Error,
        "there are fewer than two options",
        "write at least two options",
        "选项少于两个",
        "请至少写出两个选项";
    EmptyOption, Error,
        "an option is empty while a later one is not",
        "fill the option or move the later ones up",
        "选项为空，而后面的选项不为空",
        "请补写该选项，或将后面的选项前移";
    TooManyOptions, Error,
        "there are more than six options",
        "keep at most six options",
        "选项超过六个",
        "请保留至多六个选项";
    SameOptions, Error,
        "two options are the same",
        "make the options differ",
        "有两个选项相同",
        "请修改其中一个选项";
    OptionOutOfOrder, Error,
        "the letters of the options do not follow each other from A",
        "letter the options A, B, C, D in order, each on its own line",
        "选项字母没有从A起依次排列",
        "请将选项按A、B、C、D依次排列，每个选项单独一行";
    MissingKey, Error,
        "the key is missing",
        "write the letter of the right option",
        "缺少答案",
        "请填写正确选项的字母";
    SeveralKeys, Error,
        "there is more than one key",
        "keep one key; multiple choice is not part of this contest",
        "答案不止一个，本竞赛只收单项选择题",
        "请只保留一个正确选项";
    KeyOutsideOptions, Error,
        "the key names an option that is not there",
        "correct the key or add the option",
        "答案指向不存在的选项",
        "请更正答案或补写选项";
    KeyNotUnderstood, Error,
        "the key cannot be understood",
        "write the letter of the right option",
        "答案无法识别",
        "请填写正确选项的字母";
    AmbiguousKey, Error,
        "the key may mean two different options",
        "write the letter of the right option",
        "答案可能指两个不同的选项",
        "请填写正确选项的字母";
    ConflictingKeys, Error,
        "two keys are given for the question and they differ",
        "keep the right one",
        "同一题给出了两个不同的答案",
        "请只保留正确的答案";
    DuplicateInHalf, Error,
        "the same question is already in this half of the bank",
        "replace one of the two",
        "与同一部分题库中的另一题重复",
        "请替换其中一题";
    DuplicateAcrossHalves, Error,
        "the same question is already in the province's half of the bank",
        "replace the city's question",
        "与省级题库中的题目重复",
        "请替换市级题库中的这一题";
    ContradictoryKeys, Error,
        "the same question has another key elsewhere",
        "correct the wrong key and keep one of the two",
        "同一题目在别处的答案不同",
        "请核对答案，并只保留其中一题";
    HalfTooSmall, Error,
        "the half has fewer questions than the bank needs",
        "write the missing questions",
        "题目数量不足",
        "请补足题目";
    HalfTooLarge, Warning,
        "the half has more questions than the bank takes",
        "choose the questions to leave out",
        "题目数量超出",
        "请选定要移出的题目";
    KeyAlsoOptionText, Warning,
        "the letter of the key is also the text of another option",
        "check which of the two is meant",
        "答案的字母同时是另一选项的文字",
        "请核对答案指哪一个选项";
    TypeNotUnderstood, Warning,
        "the type of the question is not known",
        "write 单选题 if it is single choice",
        "题型无法识别",
        "如为单项选择题，请写明“单选题”";
    DateNotUnderstood, Warning,
        "the date cannot be understood and is left out",
        "write the date as 2020-04-22",
        "日期无法识别，已略去",
        "请按“2020-04-22”的格式填写";
    RepeatedColumn, Warning,
        "another column has the same meaning; this one is not read",
        "keep one of the two columns",
        "与另一列含义相同，本列未读取",
        "请只保留其中一列";
    RepeatedField, Warning,
        "the question already has this field; these words are not read",
        "keep one of the two",
        "该题已有同类内容，本行未读取",
        "请只保留其中一处";
    UnreadLine, Warning,
        "the line belongs to no question",
        "delete it, or join it to its question",
        "这一行不属于任何题目",
        "请删除该行，或并入所属题目";
    MediaRemoved, Warning,
        "a picture, table or formula was left out; only the text is kept",
        "check whether the question can be understood without it",
        "图片、表格或公式未导入，只保留文字",
        "请核对去掉后题意是否完整";
    NearDuplicateInHalf, Warning,
        "the question is nearly the same as another of this half of the bank",
        "keep one of the two, or make clear in which they differ",
        "与同一部分题库中的另一题高度相似",
        "请保留其中一题，或突出两题的差别";
    NearDuplicateAcrossHalves, Warning,
        "the question is nearly the same as one of the province's half of the bank",
        "replace the city's question, or make clear in which they differ",
        "与省级题库中的题目高度相似",
        "请替换市级题库中的这一题，或突出两题的差别";
    NearlySameOptions, Warning,
        "two options differ in case, look-alike letters or end marks only",
        "make the options differ in what they say",
        "有两个选项仅大小写、形近字符或标点不同",
        "请修改其中一个选项";
    OptionIsLetter, Warning,
        "an option is nothing but the letter of an option, which shuffling puts beside another letter",
        "write out what is meant, or put words to the letter",
        "选项内容只有一个选项字母，打乱顺序后会与编号混淆",
        "请写明选项内容";
    LookAlikeCharacters, Warning,
        "a text has radicals or foreign letters that only look like the usual characters",
        "retype the characters; searching and reading aloud fail on them",
        "文字中有外形相同而编码不同的部首或外文字母",
        "请重新录入这些字符，以免检索和朗读出错";
    LongestOptionIsKey, Warning,
        "the longest option is the key more often than chance allows",
        "even out the lengths of the options",
        "最长的选项是答案的次数明显偏多",
        "请使各选项长短相近";
    OldLawAsOf, Warning,
        "the law was looked up more than a year before the question is to be used",
        "check whether the law was amended and write the new day",
        "法条时点距使用日期已超过一年",
        "请核对法规是否修订，并更新法条时点";
    LawAsOfAfterUse, Warning,
        "the day of the law lies after the day of use",
        "correct the day",
        "法条时点晚于使用日期",
        "请更正法条时点";
    OtherKeyInStem, Warning,
        "the bracket in the stem holds the letter of an option that is not the key",
        "check which is right and leave the bracket empty",
        "题干括号内的字母与答案不一致",
        "请核对答案，并清空题干中的括号";
    KeyInStem, Warning,
        "a bracket in the stem holds a letter that may give the key away",
        "leave the bracket empty",
        "题干括号内有字母，可能泄露答案",
        "请清空题干中的括号";
    MissingExplanation, Warning,
        "the explanation is missing",
        "explain why the key is right",
        "缺少解析",
        "请补写解析";
    MissingSource, Warning,
        "the source is missing",
        "name the law, standard or page the question rests on",
        "缺少依据",
        "请写明所依据的法规、标准或网页";
    TwoOptions, Warning,
        "the question has two options, so a guess is right half of the time",
        "add options if the rules announce four",
        "只有两个选项，猜对的机会为一半",
        "如规则要求四个选项，请补写选项";
    GuessFloorHigh, Warning,
        "more than 20 questions have two options, so a pure guesser passes far more often",
        "add options to questions that have two",
        "两个选项的题目超过20道，盲猜通过的机会明显偏高",
        "请为只有两个选项的题目补写选项";
    ThreeOptions, Note,
        "the question has three options",
        "add an option if the rules announce four",
        "只有三个选项",
        "如规则要求四个选项，请补写一个选项";
    MissingLawAsOf, Note,
        "the day on which the law stood so is not given",
        "write the day, so that an amendment can be noticed later",
        "未注明法条时点",
        "请注明法条时点，以便日后发现法规修订";
    AllOfTheAboveNotLast, Note,
        "an option about all the others is not the last one; it will be shown last",
        "put it last, so that the printed order is the order shown",
        "“以上都……”类选项不在最后，展示时会排在最后",
        "请将其移到最后，使印刷顺序与展示顺序一致";
    KeyWordsInStem, Note,
        "the stem has the words of the key and of no other option",
        "check whether the stem gives the key away",
        "题干中出现了答案的文字，而未出现其他选项的文字",
        "请核对题干是否泄露答案";
    FullWidthCharacters, Note,
        "letters or digits are written in full width",
        "write them in half width",
        "字母或数字为全角",
        "建议改为半角";
    KeyPlacesUneven, Note,
        "one letter is the key more often than chance allows",
        "spread the keys if the paper is printed; on the phone options are shuffled",
        "答案集中在同一字母的次数明显偏多",
        "如需印刷，请调整答案分布；手机端选项会打乱顺序";
    LettersInOption, Note,
        "an option names others by letter; the options of this question will not be shuffled",
        "write out what is meant",
        "选项中引用了其他选项的字母，本题选项不打乱顺序",
        "建议写明具体内容";
    UnknownColumn, Note,
        "the column is not known and is not read",
        "rename it if it should be read",
        "列名无法识别，本列未读取",
        "如需读取，请修改列名";
    NumberingGap, Note,
        "the numbers of the questions jump here",
        "check whether a question was lost",
        "题号不连续",
        "请核对是否遗漏题目";
    KeyReadFromNumber, Note,
        "the key is given as a number",
        "check the reading",
        "答案以数字给出",
        "请核对读法";
    KeyReadFromMark, Note,
        "the key is given as a mark",
        "check the reading",
        "答案以对错符号给出",
        "请核对读法";
    KeyReadFromText, Note,
        "the key is given as the text of an option",
        "check the reading",
        "答案以选项文字给出",
        "请核对读法";
    KeyReadFromBracket, Note,
        "the key was read from the bracket in the stem, which is shown empty",
        "check the reading",
        "答案取自题干括号，展示时括号留空",
        "请核对读法";
    KeyReadFromOption, Note,
        "the key was read from the mark after an option",
        "check the reading",
        "答案取自选项后的标记",
        "请核对读法";
    LabelRemoved, Note,
        "the letter before the option was taken off",
        "check the reading",
        "选项文字前的字母已去掉",
        "请核对读法";
    TypeTagRemoved, Note,
        "the tag of the question type was taken off the stem",
        "check the reading",
        "题干中的题型标记已去掉",
        "请核对读法";
    SplitOptions, Note,
        "several options on one line were parted",
        "check the reading",
        "同一行的多个选项已拆开",
        "请核对读法";
    SplitGlued, Note,
        "the next question was glued to this line and was parted from it",
        "check the reading",
        "下一题与本行相连，已拆开",
        "请核对读法";
    JoinedLine, Note,
        "the line was joined to the words before it",
        "check the reading",
        "本行已并入上文",
        "请核对读法";
    MarkupRemoved, Note,
        "the look of the text, such as bold or superscript, was left out",
        "check the reading",
        "文字的格式（如加粗、上标）已去掉",
        "请核对读法";
    LeftOut, Note,
        "partial marks or the feedback of single options are no part of this contest and were left out",
        "move what is worth keeping into the explanation",
        "部分得分或单个选项的反馈不在本竞赛之内，已略去",
        "如需保留，请写入解析";
    OptionsPinned, Note,
        "the file asks for options that keep their places; they will not be shuffled",
        "check the reading",
        "文件要求选项位置固定，这些选项不打乱顺序",
        "请核对读法";
    SkippedLine, Note,
        "the line is a page number or the like and was skipped",
        "check the reading",
        "本行为页码等内容，已略过",
        "请核对读法";
}

impl fmt::Display for FindingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}
