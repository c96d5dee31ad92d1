//! A city's page comes from an office's hand: nothing written into it acts on a phone.
//!
//! More than three hundred ways to write a script into a page, made from what public lists of
//! such ways have in common: elements that start by themselves, addresses that are programs,
//! markup that a cleaner and a browser read differently, and whatever breaks out of an attribute.

use super::{chromium::Chromium, contest::Contest, pages::strings, phone::Phone};

/// What each would do: count itself.
const ACT: &str = "window.__hit()";

/// What ends whatever one of them has left open, so that the next one is read for itself.
const END: &str = "\"'></script></style></title></textarea></noscript></template></xmp></select></math></svg></iframe></noembed></noframes>--></a>";

/// Elements that can start something without anybody's doing, with what they need for it.
const ELEMENTS: [&str; 14] = [
    "img src=x",
    "img src=x:x srcset=x",
    "svg",
    "svg/",
    "body",
    "video src=x autoplay",
    "audio src=x autoplay",
    "details open",
    "input autofocus",
    "select autofocus",
    "textarea autofocus",
    "marquee",
    "iframe src=about:blank",
    "a href=#x tabindex=1 autofocus",
];

/// What happens to elements.
const EVENTS: [&str; 12] = [
    "onerror",
    "onload",
    "onfocus",
    "ontoggle",
    "onstart",
    "onanimationstart",
    "onpointerenter",
    "onloadstart",
    "ONERROR",
    "onbegin",
    "onpageshow",
    "onscrollend",
];

/// Addresses that are programs, as cleaners may overlook them.
const ADDRESSES: [&str; 14] = [
    "javascript:window.__hit()",
    "JaVaScRiPt:window.__hit()",
    "java&#x0A;script:window.__hit()",
    "java&Tab;script:window.__hit()",
    "&#106;avascript:window.__hit()",
    "&#x6A&#x61vascript:window.__hit()",
    "javascript&colon;window.__hit()",
    "\u{1}javascript:window.__hit()",
    " javascript:window.__hit()",
    "javascript://%0Awindow.__hit()",
    "vbscript:window.__hit()",
    "data:text/html,<script>top.__hit()</script>",
    "data:text/html;base64,PHNjcmlwdD50b3AuX19oaXQoKTwvc2NyaXB0Pg==",
    "feed:javascript:window.__hit()",
];

/// Places in which a page may name an address.
const PLACES: [(&str, &str); 9] = [
    ("[打开](", ")"),
    ("[打开](<", ">)"),
    ("![图](", ")"),
    ("<a href=\"", "\">打开</a>"),
    ("<a href='", "' onclick=window.__hit()>打开</a>"),
    ("<form action=\"", "\"><button>打开</button></form>"),
    ("<iframe src=\"", "\"></iframe>"),
    ("<object data=\"", "\"></object>"),
    (
        "<svg><a xlink:href=\"",
        "\"><text y=20>打开</text></a></svg>",
    ),
];

/// What cleaners and browsers have read differently, and what stands alone.
const MARKUP: [&str; 44] = [
    "<script>window.__hit()</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<script/x>window.__hit()</script>",
    "<scr<script>ipt>window.__hit()</scr</script>ipt>",
    "<<script>window.__hit();//<</script>",
    "<script type=module>window.__hit()</script>",
    "<svg><script>window.__hit()</script></svg>",
    "<svg><script href=data:,window.__hit() />",
    "<svg><animate onbegin=window.__hit() attributeName=x dur=1s>",
    "<svg><set attributeName=onload to=window.__hit() />",
    "<svg><use href=\"data:image/svg+xml,<svg id=x onload=window.__hit()>#x\">",
    "<svg><foreignObject><img src=x onerror=window.__hit()></foreignObject></svg>",
    "<svg><style><img src=x onerror=window.__hit()></style></svg>",
    "<svg></p><style><a id=\"</style><img src=1 onerror=window.__hit()>\">",
    "<math><mtext><table><mglyph><style><img src=x onerror=window.__hit()>",
    "<math><mi//xlink:href=\"data:x,<script>window.__hit()</script>\">",
    "<math><maction actiontype=statusline#http://x xlink:href=javascript:window.__hit()>x",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=window.__hit()>",
    "<noscript><p title=\"</noscript><img src=x onerror=window.__hit()>\">",
    "<title><p id=\"</title><img src=x onerror=window.__hit()>\">",
    "<textarea><p id=\"</textarea><img src=x onerror=window.__hit()>\">",
    "<xmp><p id=\"</xmp><img src=x onerror=window.__hit()>\">",
    "<noembed><img src=\"</noembed><img src=x onerror=window.__hit()>\">",
    "<template><img src=x onerror=window.__hit()></template>",
    "<style>@import 'javascript:window.__hit()';</style>",
    "<style>*{background:url(javascript:window.__hit())}</style>",
    "<p style=\"background:url(javascript:window.__hit())\">字</p>",
    "<p style=\"animation-name:x\" onanimationstart=window.__hit()>字</p>",
    "<link rel=stylesheet href=javascript:window.__hit()>",
    "<link rel=import href=data:text/html,<script>window.__hit()</script>>",
    "<meta http-equiv=refresh content=\"0;url=javascript:window.__hit()\">",
    "<meta http-equiv=refresh content=\"0;data:text/html,<script>top.__hit()</script>\">",
    "<base href=javascript:window.__hit()//>",
    "<iframe srcdoc=\"<script>parent.__hit()</script>\"></iframe>",
    "<iframe srcdoc=\"&lt;script&gt;parent.__hit()&lt;/script&gt;\"></iframe>",
    "<embed src=javascript:window.__hit()>",
    "<object><param name=code value=javascript:window.__hit()></object>",
    "<isindex action=javascript:window.__hit() type=image>",
    "<button form=x formaction=javascript:window.__hit()>打开</button>",
    "<!--><img src=x onerror=window.__hit()>-->",
    "<![CDATA[><img src=x onerror=window.__hit()>]]>",
    "<?xml-stylesheet href=\"javascript:window.__hit()\"?><img src=x onerror=window.__hit()>",
    "<img src=\"`><img src=x onerror=window.__hit()>",
    "<img alt=\"``onerror=window.__hit()\" src=x>",
];

/// Markdown around which something may break out.
const OUTBREAKS: [&str; 12] = [
    "![x\" onerror=\"window.__hit()](bridge.png)",
    "![x](bridge.png \"x\" onerror=\"window.__hit()\")",
    "[x](https://example.com \"\" onmouseover=window.__hit() autofocus onfocus=window.__hit() \")",
    "[x](https://example.com/\"onfocus=window.__hit()autofocus=\")",
    "<https://example.com/\"onfocus=window.__hit()>",
    "[a]: javascript:window.__hit()\n\n[点我][a]",
    "[a](j\navascript:window.__hit())",
    "`<img src=x onerror=window.__hit()>`",
    "```html\n<script>window.__hit()</script>\n```",
    "## <img src=x onerror=window.__hit()>",
    "> <svg onload=window.__hit()>",
    "1. <details open ontoggle=window.__hit()>",
];

/// Those that end with themselves, and may stand together on a page.
fn plain() -> Vec<String> {
    let elements = ELEMENTS.iter().flat_map(|element| {
        EVENTS
            .iter()
            .map(move |event| format!("<{element} {event}={ACT}>"))
    });
    let addresses = PLACES.iter().flat_map(|(before, after)| {
        ADDRESSES
            .iter()
            .map(move |address| format!("{before}{address}{after}"))
    });
    elements.chain(addresses).collect()
}

/// Those that may swallow what follows, each for a page of its own.
fn alone() -> Vec<String> {
    let alone = MARKUP.iter().chain(&OUTBREAKS);
    alone.map(|text| (*text).to_owned()).collect()
}

/// What in the office's part of the page could act, or was meant to.
const REMAINS: &str = "(function () {
    var found = [];
    [].forEach.call(document.querySelectorAll('article *'), function (n) {
        if (!/^(h2|h3|p|ul|ol|li|em|strong|blockquote|a|br|hr|img)$/.test(n.localName)) { found.push('element ' + n.localName); }
        [].forEach.call(n.attributes, function (a) {
            if (/^on|^style$|^srcdoc$|^form/i.test(a.name)) { found.push(a.name + '=' + a.value); }
        });
        if (n.localName === 'a' && n.hasAttribute('href') && n.protocol !== 'https:' && n.origin !== location.origin) { found.push('leads to ' + n.href); }
        if (n.localName === 'img' && n.getAttribute('src') && n.getAttribute('src').indexOf('/city/') !== 0) { found.push('shows ' + n.src); }
    });
    return found;
}())";

#[test]
fn nothing_that_an_office_writes_into_its_page_acts_on_a_phone() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let contest = Contest::at("2020-05-09 21:30:00");
    let (plain, alone) = (plain(), alone());
    assert!(plain.len() + alone.len() >= 300);
    let cities = contest.app.season.province.cities().iter();
    let slugs: Vec<String> = cities.map(|city| city.slug().as_str().to_owned()).collect();
    let together = plain.chunks(plain.len().div_ceil(slugs.len()));
    let together = together.map(|vectors| {
        let page: String = vectors
            .iter()
            .map(|vector| format!("{vector}\n\n{END}\n\n"))
            .collect();
        format!("{page}本页最后一段\n")
    });
    let by_itself = alone.iter().map(|vector| format!("开头一段\n\n{vector}\n"));
    let texts: Vec<String> = together.chain(by_itself).collect();
    for texts in texts.chunks(slugs.len()) {
        let pages: Vec<(String, String)> = slugs.iter().cloned().zip(texts.to_vec()).collect();
        let phone = Phone::new(&chromium, &contest.door_with_pages(&pages));
        phone.bring("window.__hits = 0; window.__hit = function () { window.__hits += 1; };");
        for (slug, page) in &pages {
            assert_harmless(&phone, slug, page);
        }
    }
}

/// The page is there, nothing in it acts, and what it is written with ends up as words or nothing.
fn assert_harmless(phone: &Phone<'_>, slug: &str, page: &str) {
    phone.open(&format!("/city/{slug}"));
    // Whatever wants a finger gets one.
    phone.eval(
        "[].forEach.call(document.querySelectorAll('article, article *'), function (n) {
             ['focus', 'mouseover', 'pointerenter', 'toggle', 'load', 'error'].forEach(function (e) {
                 n.dispatchEvent(new Event(e, { bubbles: true }));
             });
         })",
    );
    assert_eq!(phone.eval("window.__hits"), 0, "{slug}\n{page}");
    assert_eq!(strings(&phone.eval(REMAINS)), [""; 0], "{slug}\n{page}");
    let last = if page.contains("本页最后一段") {
        "本页最后一段"
    } else {
        "开头一段"
    };
    phone.assert_says(last);
    // The trap is one: what a page does run is counted.
    phone.eval("window.__hit()");
    assert_eq!(phone.eval("window.__hits"), 1);
}
