//! Headless Chromium, spoken to by its own protocol over a pair of pipes. Scripts of pages are switched off.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// See the module. Killed when the test lets go of it.
pub(crate) struct Browser {
    child: Child,
    to: std::fs::File,
    from: BufReader<std::fs::File>,
    session: Option<String>,
    calls: u64,
    _folder: TempDir,
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Browser {
    /// None where there is no Chromium.
    pub(crate) fn start() -> Option<Self> {
        let program = Path::new("/usr/bin/chromium");
        if !program.exists() {
            cordon_tests::skip("chromium (apt-get install chromium)");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let (into, out) = (folder.path().join("into"), folder.path().join("out"));
        assert!(Command::new("mkfifo").arg(&into).arg(&out).status().unwrap().success());
        // Its own sandbox needs rights that a container has not; the page is ours.
        let script = "exec \"$1\" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --disable-extensions \
            --user-data-dir=\"$2\" --remote-debugging-pipe about:blank 3<\"$3\" 4>\"$4\"";
        let child = Command::new("sh")
            .args(["-c", script, "sh"])
            .arg(program)
            .arg(folder.path().join("profile"))
            .arg(&into)
            .arg(&out)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let to = std::fs::File::options().write(true).open(&into).unwrap();
        let from = BufReader::new(std::fs::File::open(&out).unwrap());
        let mut browser = Self { child, to, from, session: None, calls: 0, _folder: folder };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = browser.call("Target.attachToTarget", attach);
        browser.session = Some(session["sessionId"].as_str().unwrap().to_owned());
        browser.call("Page.enable", json!({}));
        browser.call("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
        Some(browser)
    }

    fn call(&mut self, method: &str, params: Value) -> Value {
        let answer = self.ask(method, params);
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// The whole answer, also where it is an error.
    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.calls += 1;
        let mut message = json!({ "id": self.calls, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.to.write_all(format!("{message}\0").as_bytes()).unwrap();
        loop {
            let answer = self.next();
            if answer["id"] == self.calls {
                return answer;
            }
        }
    }

    fn next(&mut self) -> Value {
        let mut text = Vec::new();
        self.from.read_until(0, &mut text).unwrap();
        assert!(text.pop().is_some(), "the browser is gone");
        serde_json::from_slice(&text).unwrap()
    }

    /// The screen of a phone.
    pub(crate) fn phone(&mut self, width: u32, height: u32) {
        let screen = json!({ "width": width, "height": height, "deviceScaleFactor": 2, "mobile": true });
        self.call("Emulation.setDeviceMetricsOverride", screen);
        self.call("Emulation.setTouchEmulationEnabled", json!({ "enabled": true }));
    }

    pub(crate) fn open(&mut self, url: &str) {
        self.call("Page.navigate", json!({ "url": url }));
        while self.next()["method"] != "Page.loadEventFired" {}
    }

    /// What the page says; nothing while one page gives way to another.
    pub(crate) fn text(&mut self) -> String {
        let root = self.ask("DOM.getDocument", json!({}))["result"]["root"]["nodeId"].clone();
        let html = self.ask("DOM.getOuterHTML", json!({ "nodeId": root }));
        html["result"]["outerHTML"].as_str().unwrap_or_default().to_owned()
    }

    /// How wide the page is.
    pub(crate) fn width(&mut self) -> f64 {
        self.call("Page.getLayoutMetrics", json!({}))["cssContentSize"]["width"].as_f64().unwrap()
    }

    /// Left, top, right and bottom of the first element of a selector.
    pub(crate) fn place(&mut self, selector: &str) -> [f64; 4] {
        let root = self.call("DOM.getDocument", json!({}))["root"]["nodeId"].clone();
        let node = self.call("DOM.querySelector", json!({ "nodeId": root, "selector": selector }))["nodeId"].clone();
        let corners = self.call("DOM.getBoxModel", json!({ "nodeId": node }))["model"]["border"].clone();
        [0, 1, 4, 5].map(|at| corners[at].as_f64().unwrap())
    }

    pub(crate) fn tap(&mut self, x: f64, y: f64) {
        self.call("Input.dispatchTouchEvent", json!({ "type": "touchStart", "touchPoints": [{ "x": x, "y": y }] }));
        self.call("Input.dispatchTouchEvent", json!({ "type": "touchEnd", "touchPoints": [] }));
    }

    /// Waits until the page says something.
    pub(crate) fn wait(&mut self, text: &str) {
        let begun = Instant::now();
        while !self.text().contains(text) {
            assert!(begun.elapsed() < Duration::from_secs(30), "{}", self.text());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    pub(crate) fn screenshot(&mut self, file: &Path) {
        use base64::Engine as _;
        let picture = self.call("Page.captureScreenshot", json!({ "format": "png" }));
        let bytes = base64::prelude::BASE64_STANDARD.decode(picture["data"].as_str().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }
}
