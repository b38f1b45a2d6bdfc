//! A headless Chromium, driven through the Chrome DevTools protocol over two pipes.
//!
//! See <https://chromedevtools.github.io/devtools-protocol/>. Messages are JSON, each ended by a zero octet; the browser
//! reads them from descriptor 3 and writes them to descriptor 4. A shell puts its standard streams there.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

/// Only a hang takes as long.
const PATIENCE: Duration = Duration::from_secs(120);
const SHELL: &str = r#"exec "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#;

/// Where the browser is; where `CI` is `true` it has to be somewhere.
pub(crate) fn is_there() -> bool {
    let places = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&places).any(|place| place.join("chromium").is_file());
    if !found {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "chromium is needed in CI");
        eprintln!("skipped: there is no chromium");
    }
    found
}

/// A browser with one page.
pub(crate) struct Browser {
    process: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    calls: u64,
    session: Option<String>,
    /// What the page told without being asked.
    events: Vec<Value>,
    profile: TempDir,
}

impl Browser {
    pub(crate) fn start() -> Self {
        let profile = TempDir::new().expect("a folder can be made");
        let mut process = Command::new("sh")
            .args(["-c", SHELL, "sh", "chromium", "--headless", "--no-sandbox", "--disable-gpu"])
            .args(["--remote-debugging-pipe", "--no-first-run", "--disable-dev-shm-usage"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            // No name has an address: nothing leaves this machine, whatever the page asks for.
            .args(["--host-resolver-rules=MAP * ~NOTFOUND", "--force-color-profile=srgb"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .env("HOME", profile.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell can be started");
        let to = process.stdin.take().expect("it is piped");
        let mut out = BufReader::new(process.stdout.take().expect("it is piped"));
        let (told, from) = channel();
        thread::spawn(move || {
            let mut message = Vec::new();
            while let Ok(1..) = out.read_until(0, &mut message) {
                message.pop();
                let Ok(value) = serde_json::from_slice(&message) else { break };
                if told.send(value).is_err() {
                    break;
                }
                message.clear();
            }
        });
        let mut browser = Self { process, to, from, calls: 0, session: None, events: Vec::new(), profile };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = browser.call("Target.attachToTarget", attach);
        browser.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Network", "Log"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    /// Calls a method, and gives what it returns.
    #[track_caller]
    fn call(&mut self, method: &str, params: Value) -> Value {
        self.calls += 1;
        let id = self.calls;
        let mut message = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.to.write_all(&bytes).expect("the browser reads");
        loop {
            let mut answer = self.from.recv_timeout(PATIENCE).expect("the browser answers");
            if answer["id"] == id {
                assert!(answer.get("error").is_none(), "{method}: {}", answer["error"]);
                return answer["result"].take();
            }
            self.events.push(answer);
        }
    }

    /// Opens a file made of this text, and waits until it is loaded.
    pub(crate) fn open(&mut self, name: &str, page: &str) {
        let path = self.profile.path().join(name);
        std::fs::write(&path, page).expect("the page can be written");
        self.events.clear();
        self.call("Page.navigate", json!({ "url": address(&path) }));
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.from.recv_timeout(PATIENCE).expect("the page is loaded");
            self.events.push(event);
        }
    }

    /// What an expression is.
    #[track_caller]
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let mut result = self.call("Runtime.evaluate", params);
        assert!(result.get("exceptionDetails").is_none(), "{expression}: {}", result["exceptionDetails"]);
        result["result"]["value"].take()
    }

    /// Whether an expression comes true before the page has drawn itself a hundred times more: what a key does to the
    /// address, and that to the page, comes some events later.
    #[track_caller]
    pub(crate) fn becomes(&mut self, expression: &str) -> bool {
        let looked = format!(
            "new Promise(done => {{ let left = 100; const look = () => ({expression}) ? done(true) \
             : left-- > 0 ? requestAnimationFrame(look) : done(false); look(); }})"
        );
        self.value(&looked) == json!(true)
    }

    /// Presses a key and lets go of it.
    pub(crate) fn press(&mut self, key: &str) {
        let (code, number, text) = match key {
            "Tab" => ("Tab", 9, ""),
            "Enter" => ("Enter", 13, "\r"),
            "End" => ("End", 35, ""),
            "Home" => ("Home", 36, ""),
            "ArrowUp" => ("ArrowUp", 38, ""),
            "ArrowRight" => ("ArrowRight", 39, ""),
            "ArrowDown" => ("ArrowDown", 40, ""),
            _ => panic!("nobody has pressed {key} so far"),
        };
        let mut event = json!({ "key": key, "code": code, "windowsVirtualKeyCode": number });
        event["type"] = json!(if text.is_empty() { "rawKeyDown" } else { "keyDown" });
        if !text.is_empty() {
            event["text"] = json!(text);
        }
        self.call("Input.dispatchKeyEvent", event.clone());
        event["type"] = json!("keyUp");
        self.call("Input.dispatchKeyEvent", event);
    }

    /// What the reader prefers, such as `prefers-color-scheme`.
    pub(crate) fn prefer(&mut self, features: &[(&str, &str)]) {
        let features: Vec<_> =
            features.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
        self.call("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// A window of so many CSS pixels, each of so many of the screen's.
    pub(crate) fn resize(&mut self, width: u32, height: u32, scale: f64) {
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", metrics);
    }

    /// Everything that the page asked for since it was opened.
    pub(crate) fn requests(&self) -> Vec<&str> {
        let asked = self.events.iter().filter(|event| event["method"] == "Network.requestWillBeSent");
        asked.filter_map(|event| event["params"]["request"]["url"].as_str()).collect()
    }

    /// What the console shows, and what the browser holds against the page.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let is_complaint = |event: &&Value| {
            matches!(
                event["method"].as_str(),
                Some("Runtime.consoleAPICalled" | "Runtime.exceptionThrown" | "Log.entryAdded")
            )
        };
        self.events.iter().filter(is_complaint).map(Value::to_string).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It ends its own processes when it is asked to; the pipe that closes has the same effect.
        let _ = self.to.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        let _ = self.process.wait();
    }
}

/// The address of a file.
pub(crate) fn address(path: &Path) -> String {
    format!("file://{}", path.display())
}
