//! axe-core in a page: the rules for pages that everybody can use.

use std::sync::LazyLock;

use super::{pages::strings, phone::Phone};

/// The copy in the folder `axe`, unpacked once.
static AXE: LazyLock<String> = LazyLock::new(|| {
    let mut script = Vec::new();
    let mut packed = &include_bytes!("axe/axe.min.js.br")[..];
    brotli::BrotliDecompress(&mut packed, &mut script).unwrap();
    String::from_utf8(script).unwrap()
});

/// Every rule but the experimental ones, best practice included; a line for each finding.
const RUN: &str = "axe.run(document, { resultTypes: ['violations'] }).then(function (r) {
    return r.violations.map(function (v) { return 'axe ' + v.id + ': ' + v.nodes.map(function (n) { return n.target.join(' '); }).slice(0, 3).join(', '); });
})";

/// What axe finds on the page that is open; where the page came without script, its rules alone may run.
pub(crate) fn findings(phone: &Phone<'_>) -> Vec<String> {
    phone.lend_script(|| {
        phone.eval(&format!("{};0", *AXE));
        strings(&phone.resolve(RUN))
    })
}
