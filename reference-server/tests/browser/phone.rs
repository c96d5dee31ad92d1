//! One phone: a page of its own with its own cookies, touched as a person touches it.

use std::{cell::Cell, path::Path, time::Instant};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::chromium::{Chromium, PATIENCE, keep_picture};

/// Events that tell of something wrong on a page.
const COMPLAINTS: [&str; 2] = ["Runtime.exceptionThrown", "Log.entryAdded"];

/// What one address cost on the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Transfer {
    pub(crate) path: String,
    /// Bytes of the body as they were sent, compressed.
    pub(crate) n_bytes: u64,
    /// Whether the phone still had it.
    pub(crate) from_memory: bool,
}

/// A page of a browser.
pub(crate) struct Phone<'a> {
    chromium: &'a Chromium,
    session: String,
    url: String,
    script_is_off: Cell<bool>,
}

impl<'a> Phone<'a> {
    /// A phone of 390 by 844 points that nobody has used; `url` is the contest's address.
    pub(crate) fn new(chromium: &'a Chromium, url: &str) -> Self {
        let context = chromium.call(None, "Target.createBrowserContext", &json!({}));
        let target = chromium.call(
            None,
            "Target.createTarget",
            &json!({
                "url": "about:blank",
                "browserContextId": context["browserContextId"],
            }),
        );
        let attached = chromium.call(
            None,
            "Target.attachToTarget",
            &json!({ "targetId": target["targetId"], "flatten": true }),
        );
        let phone = Self {
            chromium,
            session: attached["sessionId"].as_str().unwrap().to_owned(),
            url: url.to_owned(),
            script_is_off: Cell::new(false),
        };
        for domain in ["Page", "Runtime", "Log", "Network"] {
            phone.call(&format!("{domain}.enable"), &json!({}));
        }
        phone.size(390, 844);
        phone
    }

    fn call(&self, method: &str, parameters: &Value) -> Value {
        self.chromium.call(Some(&self.session), method, parameters)
    }

    /// Gives the phone another size, in points.
    pub(crate) fn size(&self, width: u32, height: u32) {
        self.call(
            "Emulation.setDeviceMetricsOverride",
            &json!({
                "width": width,
                "height": height,
                "deviceScaleFactor": 1,
                "mobile": width < 700,
            }),
        );
    }

    /// Sets what the person has asked the phone for, such as `prefers-color-scheme` `dark`.
    pub(crate) fn prefer(&self, features: &[(&str, &str)]) {
        let features: Vec<Value> = features
            .iter()
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .collect();
        self.call(
            "Emulation.setEmulatedMedia",
            &json!({ "features": features }),
        );
    }

    /// Switches script off.
    pub(crate) fn without_script(&self) {
        self.script_is_off.set(true);
        self.script_off(true);
    }

    /// Does something that needs script on a page that came without it.
    pub(crate) fn lend_script<T>(&self, act: impl FnOnce() -> T) -> T {
        self.script_off(false);
        let result = act();
        self.script_off(self.script_is_off.get());
        result
    }

    fn script_off(&self, off: bool) {
        self.call(
            "Emulation.setScriptExecutionDisabled",
            &json!({ "value": off }),
        );
    }

    /// Runs a script before those of every page from now on.
    pub(crate) fn bring(&self, script: &str) {
        self.call(
            "Page.addScriptToEvaluateOnNewDocument",
            &json!({ "source": script }),
        );
    }

    /// Goes offline or comes back.
    pub(crate) fn offline(&self, offline: bool) {
        self.call(
            "Network.emulateNetworkConditions",
            &json!({
                "offline": offline,
                "latency": 0,
                "downloadThroughput": -1,
                "uploadThroughput": -1,
            }),
        );
    }

    /// A bad place: 400 kbit/s, 400 ms there and back, and a quarter of the processor.
    pub(crate) fn weak_network(&self) {
        self.call(
            "Network.emulateNetworkConditions",
            &json!({
                "offline": false,
                "latency": 400,
                "downloadThroughput": 50_000,
                "uploadThroughput": 50_000,
            }),
        );
        self.call("Emulation.setCPUThrottlingRate", &json!({ "rate": 4 }));
    }

    /// Forgets every file of earlier visits.
    pub(crate) fn forget_files(&self) {
        self.call("Network.clearBrowserCache", &json!({}));
    }

    /// Opens an address of the contest and waits for nothing.
    pub(crate) fn open_without_waiting(&self, path: &str) {
        self.open_elsewhere(&format!("{}{path}", self.url));
    }

    /// Opens any address and waits for nothing.
    pub(crate) fn open_elsewhere(&self, url: &str) {
        self.call("Page.navigate", &json!({ "url": url }));
    }

    /// Milliseconds since the navigation: when the first words were painted, and when a condition was found true.
    pub(crate) fn watch(&self, condition: &str) -> [u64; 2] {
        self.wait_for(&format!(
            "performance.getEntriesByName('first-contentful-paint').length && ({condition}) && (window.foundAt = window.foundAt || performance.now())"
        ));
        let times = self.eval(
            "[performance.getEntriesByName('first-contentful-paint')[0].startTime, window.foundAt].map(Math.round)",
        );
        [0, 1].map(|at| times[at].as_u64().unwrap())
    }

    /// Opens an address of the contest and waits until the page has loaded.
    pub(crate) fn open(&self, path: &str) {
        self.leave(|| {
            let url = format!("{}{path}", self.url);
            let gone = self.call("Page.navigate", &json!({ "url": url }));
            assert!(gone["errorText"].is_null(), "{path}: {gone}");
        });
    }

    /// Does something that leads to another page, and waits until that has loaded.
    pub(crate) fn leave(&self, act: impl FnOnce()) {
        self.chromium
            .events(&self.session, &["Page.loadEventFired"]);
        act();
        self.chromium.event(&self.session, "Page.loadEventFired");
    }

    /// Loads the page again.
    pub(crate) fn reload(&self) {
        self.leave(|| {
            self.call("Page.reload", &json!({}));
        });
    }

    /// Presses the phone's back button; the page may come from memory, so no load is waited for.
    pub(crate) fn back(&self) {
        let history = self.call("Page.getNavigationHistory", &json!({}));
        let at = usize::try_from(history["currentIndex"].as_u64().unwrap()).unwrap();
        let entry = history["entries"][at - 1]["id"].clone();
        self.call("Page.navigateToHistoryEntry", &json!({ "entryId": entry }));
    }

    /// The value of a script's expression; the page's own script may be off.
    pub(crate) fn eval(&self, expression: &str) -> Value {
        self.try_eval(expression, false)
            .unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    /// What a script's promise comes to.
    pub(crate) fn resolve(&self, promise: &str) -> Value {
        self.try_eval(promise, true)
            .unwrap_or_else(|error| panic!("{promise}: {error}"))
    }

    fn try_eval(&self, expression: &str, wait: bool) -> Result<Value, String> {
        let answer = self.chromium.try_call(
            Some(&self.session),
            "Runtime.evaluate",
            &json!({
                "expression": expression,
                "returnByValue": true,
                "awaitPromise": wait,
            }),
        )?;
        if answer["exceptionDetails"].is_null() {
            Ok(answer["result"]["value"].clone())
        } else {
            Err(answer["exceptionDetails"]["exception"]["description"].to_string())
        }
    }

    /// Waits until a condition holds, over page changes too.
    pub(crate) fn wait_for(&self, condition: &str) {
        let deadline = Instant::now() + PATIENCE;
        let look = format!(
            "new Promise(function (done) {{ var left = 400; (function look() {{
                if ({condition}) {{ done(true); }} else if ((left -= 1) < 0) {{ done(false); }}
                else {{ setTimeout(look, 25); }} }}()); }})"
        );
        while Instant::now() < deadline {
            // An error is a page that was left while we looked.
            if self.try_eval(&look, true) == Ok(Value::Bool(true)) {
                return;
            }
        }
        panic!(
            "{condition} does not come true on {}: {}",
            self.path(),
            self.text()
        );
    }

    /// The path of the page that is shown.
    pub(crate) fn path(&self) -> String {
        self.eval("location.pathname").as_str().unwrap().to_owned()
    }

    /// What a person can read on the page.
    pub(crate) fn text(&self) -> String {
        self.eval("document.body.innerText")
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// The page says this.
    pub(crate) fn assert_says(&self, words: &str) {
        let text = self.text();
        assert!(
            text.contains(words),
            "no {words} on {}: {text}",
            self.path()
        );
    }

    /// Where the middle of an element is after it was scrolled into sight.
    ///
    /// Whatever lies above it there would take the touch, so that is a fault.
    fn place(&self, selector: &str) -> (f64, f64) {
        let quoted = json!(selector);
        let place = self.eval(&format!(
            "(function () {{
                var n = document.querySelector({quoted});
                if (!n) {{ return 'is not there'; }}
                n.scrollIntoView({{ block: 'center' }});
                var r = n.getBoundingClientRect(), x = r.left + r.width / 2, y = r.top + r.height / 2;
                if (!r.width || !r.height) {{ return 'is not shown'; }}
                var top = document.elementFromPoint(x, y);
                if (!top || !(n === top || n.contains(top) || top.contains(n))) {{ return 'is covered by ' + (top && top.outerHTML.slice(0, 120)); }}
                return [x, y];
            }}())"
        ));
        match (place[0].as_f64(), place[1].as_f64()) {
            (Some(x), Some(y)) => (x, y),
            _ => panic!("{selector} on {} {place}", self.path()),
        }
    }

    /// Touches an element in its middle.
    pub(crate) fn tap(&self, selector: &str) {
        let (x, y) = self.place(selector);
        for kind in ["mousePressed", "mouseReleased"] {
            self.call(
                "Input.dispatchMouseEvent",
                &json!({ "type": kind, "x": x, "y": y, "button": "left", "clickCount": 1 }),
            );
        }
    }

    /// Chooses a file of this machine in a form.
    pub(crate) fn choose_file(&self, selector: &str, file: &Path) {
        let document = self.call("DOM.getDocument", &json!({}));
        let found = self.call(
            "DOM.querySelector",
            &json!({ "nodeId": document["root"]["nodeId"], "selector": selector }),
        );
        self.call(
            "DOM.setFileInputFiles",
            &json!({ "nodeId": found["nodeId"], "files": [file] }),
        );
    }

    /// Types into a field, or chooses in it, as its value.
    pub(crate) fn fill(&self, selector: &str, value: &str) {
        let (selector, value) = (json!(selector), json!(value));
        self.eval(&format!(
            "document.querySelector({selector}).value = {value}"
        ));
    }

    /// Touches an element that leads to another page.
    pub(crate) fn follow(&self, selector: &str) {
        self.leave(|| self.tap(selector));
    }

    /// Presses a key, by its name and its virtual code.
    pub(crate) fn key(&self, key: &str, code: u32) {
        for kind in ["rawKeyDown", "keyUp"] {
            self.call(
                "Input.dispatchKeyEvent",
                &json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code }),
            );
        }
        if key == "Enter" {
            self.call(
                "Input.dispatchKeyEvent",
                &json!({ "type": "char", "text": "\r" }),
            );
        }
    }

    /// Whatever the browser complained about since the last question.
    pub(crate) fn complaints(&self) -> Vec<String> {
        self.chromium
            .events(&self.session, &COMPLAINTS)
            .into_iter()
            .filter(|(method, event)| {
                method == "Runtime.exceptionThrown" || event["entry"]["level"] == "error"
            })
            .map(|(_, event)| event.to_string())
            .collect()
    }

    /// What the page that is open cost on the network, itself first.
    pub(crate) fn traffic(&self) -> Vec<Transfer> {
        let entries = self.eval(
            "performance.getEntriesByType('navigation').concat(performance.getEntriesByType('resource')).map(function (e) {
                return [e.name.replace(location.origin, ''), e.encodedBodySize, e.transferSize];
            })",
        );
        let entries = entries.as_array().unwrap().iter();
        entries
            .map(|entry| Transfer {
                path: entry[0].as_str().unwrap().to_owned(),
                n_bytes: entry[1].as_u64().unwrap(),
                from_memory: entry[2] == 0,
            })
            .collect()
    }

    /// Keeps a picture of the screen.
    pub(crate) fn picture(&self, name: &str) {
        self.keep(name, false);
    }

    /// Keeps a picture of the whole page.
    pub(crate) fn whole_picture(&self, name: &str) {
        self.keep(name, true);
    }

    fn keep(&self, name: &str, whole: bool) {
        let shot = self.call(
            "Page.captureScreenshot",
            &json!({ "format": "png", "captureBeyondViewport": whole }),
        );
        let png = STANDARD.decode(shot["data"].as_str().unwrap()).unwrap();
        keep_picture(name, &png);
    }
}
