//! As much of a browser as the tests need: one page, over the DevTools protocol.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket};

pub struct Browser {
    child: Child,
    profile: PathBuf,
    socket: WebSocket<MaybeTlsStream<std::net::TcpStream>>,
    session: String,
    calls: u64,
    /// The page that was asked for is there.
    loaded: bool,
    /// What the page has complained of.
    pub complaints: Vec<String>,
    /// What the page has asked for, itself not included.
    pub requests: Vec<String>,
}

/// The flags keep it from calling home, and from needing what a machine without a screen does not have.
const FLAGS: [&str; 12] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
    "about:blank",
];

impl Browser {
    pub fn new() -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let profile = format!("send-none-browser-{}-{number}", std::process::id());
        let profile = std::env::temp_dir().join(profile);
        let mut child = Command::new("chromium")
            .arg(format!("--user-data-dir={}", profile.display()))
            .args(FLAGS)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("chromium is installed: apt-get install chromium");
        let errors = BufReader::new(child.stderr.take().unwrap());
        let mut lines = errors.lines().map_while(Result::ok);
        let address = lines.find_map(|line| Some(line.split_once("listening on ")?.1.to_owned()));
        let address = address.expect("it says where it listens");
        std::thread::spawn(move || lines.for_each(drop)); // or it would wait for a reader
        let (socket, _) = tungstenite::connect(address).unwrap();
        let mut browser = Browser {
            child,
            profile,
            socket,
            session: String::new(),
            calls: 0,
            loaded: false,
            complaints: Vec::new(),
            requests: Vec::new(),
        };
        let target = browser.call("Target.createTarget", json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = browser.call("Target.attachToTarget", attach);
        browser.session = session["sessionId"].as_str().unwrap().to_owned();
        for domain in ["Page", "Runtime", "Network", "Log"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    /// Calls a method of the protocol, and waits for what comes of it.
    pub fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.calls += 1;
        let mut call = json!({"id": self.calls, "method": method, "params": parameters});
        if !self.session.is_empty() {
            call["sessionId"] = json!(self.session);
        }
        self.socket.send(Message::text(call.to_string())).unwrap();
        loop {
            let message = self.next_message();
            if message["id"] == self.calls {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
        }
    }

    fn next_message(&mut self) -> Value {
        loop {
            if let Message::Text(text) = self.socket.read().unwrap() {
                let message: Value = serde_json::from_str(&text).unwrap();
                self.note(&message);
                return message;
            }
        }
    }

    fn note(&mut self, message: &Value) {
        let about = &message["params"];
        match message["method"].as_str().unwrap_or_default() {
            "Page.loadEventFired" => self.loaded = true,
            "Runtime.exceptionThrown" => {
                self.complaints.push(about["exceptionDetails"].to_string());
            }
            "Runtime.consoleAPICalled" => self.complaints.push(about["args"].to_string()),
            "Log.entryAdded" => self.complaints.push(about["entry"].to_string()),
            "Network.requestWillBeSent" if about["type"] != "Document" => {
                self.requests.push(about["request"]["url"].to_string());
            }
            _ => {}
        }
    }

    /// Opens a file, and waits until it is there.
    pub fn open(&mut self, file: &Path, hash: &str) {
        for url in ["about:blank", &format!("file://{}{hash}", file.display())] {
            self.loaded = false;
            self.call("Page.navigate", json!({"url": url}));
            while !self.loaded {
                self.next_message();
            }
        }
    }

    /// What a script's expression comes to.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let parameters = json!({"expression": expression, "returnByValue": true});
        let result = self.call("Runtime.evaluate", parameters);
        let details = &result["exceptionDetails"];
        assert!(details.is_null(), "{details}");
        result["result"]["value"].clone()
    }

    /// What is written in the first element of that selector.
    pub fn text(&mut self, selector: &str) -> String {
        let text = self.evaluate(&format!("document.querySelector({selector:?}).textContent"));
        text.as_str().unwrap().to_owned()
    }

    pub fn press(&mut self, key: &str) {
        let text = if key.len() == 1 { key } else { "" };
        for kind in ["keyDown", "keyUp"] {
            let down = json!({"type": kind, "key": key, "text": text});
            self.call("Input.dispatchKeyEvent", down);
        }
    }

    /// Presses the mouse there, and lets go.
    pub fn click(&mut self, x: f64, y: f64) {
        for kind in ["mousePressed", "mouseReleased"] {
            let click = json!({"type": kind, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1});
            self.call("Input.dispatchMouseEvent", click);
        }
    }
}

impl Default for Browser {
    fn default() -> Self {
        Browser::new()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
        let _rest = std::fs::remove_dir_all(&self.profile);
    }
}
