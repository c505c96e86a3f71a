//! A git server on loopback: git's own `http-backend` behind as little HTTP as it takes.
//!
//! It serves the bare repositories of one folder to anybody, or to who knows a name and a password. What the server side
//! of git does is git's own doing: hooks run, hidden references are hidden. Each request has a connection and a thread
//! of its own.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

const LARGEST_HEAD: u64 = 64 << 10;

/// A running server, which ends with this value.
#[derive(Debug)]
pub struct GitServer {
    address: SocketAddr,
    served: Arc<Served>,
}

#[derive(Debug)]
struct Served {
    folder: PathBuf,
    /// `name:password`, where one has to be known.
    login: Option<String>,
    /// What came as a login, in the order of arrival.
    tried: Mutex<Vec<String>>,
    is_over: AtomicBool,
}

impl GitServer {
    /// Serves the repositories of a folder to anybody.
    pub fn start(folder: &Path) -> Self {
        Self::serve(folder, None)
    }

    /// Serves them to who knows this name and password.
    pub fn with_login(folder: &Path, name: &str, password: &str) -> Self {
        Self::serve(folder, Some(format!("{name}:{password}")))
    }

    fn serve(folder: &Path, login: Option<String>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port of loopback");
        let address = listener.local_addr().expect("its number");
        let served = Arc::new(Served {
            folder: folder.to_owned(),
            login,
            tried: Mutex::new(Vec::new()),
            is_over: AtomicBool::new(false),
        });
        let serving = Arc::clone(&served);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if serving.is_over.load(Ordering::SeqCst) {
                    return;
                }
                let serving = Arc::clone(&serving);
                // A client that breaks off is no fault of the server's.
                thread::spawn(move || serving.answer(stream).ok());
            }
        });
        Self { address, served }
    }

    /// The address of a repository by its folder's name.
    pub fn url(&self, name: &str) -> String {
        format!("http://{}/{name}", self.address)
    }

    /// The logins that were tried, as `name:password`, in the order of arrival.
    pub fn tried(&self) -> Vec<String> {
        self.served.tried.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for GitServer {
    fn drop(&mut self) {
        self.served.is_over.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for who comes next. When that fails, it is not waiting.
        drop(TcpStream::connect(self.address));
    }
}

impl Served {
    fn answer(&self, stream: TcpStream) -> io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        let Some(request) = Request::read(&mut reader)? else { return Ok(()) };
        let mut stream = stream;
        if request.header("expect").is_some() {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let body = request.body(&mut reader)?;
        if !self.lets_in(&request) {
            let ask = b"HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Basic realm=\"git\"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            return stream.write_all(ask);
        }
        stream.write_all(&http_of_cgi(&self.run(&request, &body)?))
    }

    fn lets_in(&self, request: &Request) -> bool {
        let login = request.header("authorization").and_then(|value| value.strip_prefix("Basic "));
        let login =
            login.and_then(|text| String::from_utf8(BASE64_STANDARD.decode(text).ok()?).ok());
        if let Some(login) = &login {
            self.tried.lock().unwrap_or_else(PoisonError::into_inner).push(login.clone());
        }
        self.login.is_none() || login == self.login
    }

    /// Hands a request to git, undisturbed by this machine's settings, and gives what it says.
    fn run(&self, request: &Request, body: &[u8]) -> io::Result<Vec<u8>> {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let mut command = Command::new("git");
        command
            .arg("http-backend")
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_PROJECT_ROOT", &self.folder)
            .env("GIT_HTTP_EXPORT_ALL", "1")
            // Who is known may push.
            .env("REMOTE_USER", "somebody")
            .env("REMOTE_ADDR", "127.0.0.1")
            .env("REQUEST_METHOD", &request.method)
            .env("PATH_INFO", path)
            .env("QUERY_STRING", query)
            .env("CONTENT_LENGTH", body.len().to_string());
        for (variable, header) in [
            ("CONTENT_TYPE", "content-type"),
            ("HTTP_CONTENT_ENCODING", "content-encoding"),
            ("GIT_PROTOCOL", "git-protocol"),
        ] {
            if let Some(value) = request.header(header) {
                command.env(variable, value);
            }
        }
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut said = Vec::new();
        let (input, output) = (child.stdin.take(), child.stdout.take());
        thread::scope(|scope| {
            // Beside the reading, because either pipe may be full.
            scope.spawn(move || input.map(|mut input| input.write_all(body)));
            output.map_or(Ok(0), |mut output| output.read_to_end(&mut said))
        })?;
        child.wait()?;
        Ok(said)
    }
}

struct Request {
    method: String,
    target: String,
    /// Names in lower case.
    headers: Vec<(String, String)>,
}

impl Request {
    /// Reads the head of a request; nothing of a client that leaves or does not speak HTTP.
    fn read(reader: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut head = Vec::new();
        let mut reader = reader.take(LARGEST_HEAD);
        while !head.ends_with(b"\r\n\r\n") {
            if reader.read_until(b'\n', &mut head)? == 0 {
                return Ok(None);
            }
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let mut lines = head.lines();
        let mut words = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
        let (Some(method), Some(target)) = (words.next(), words.next()) else { return Ok(None) };
        let pairs = lines.filter_map(|line| line.split_once(':'));
        let headers =
            pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()));
        Ok(Some(Self { method, target, headers: headers.collect() }))
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn body(&self, reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        if self.header("transfer-encoding").is_some_and(|coding| coding.contains("chunked")) {
            while read_chunk(reader, &mut body)? {}
            return Ok(body);
        }
        let length = self.header("content-length").and_then(|value| value.parse().ok());
        reader.take(length.unwrap_or(0)).read_to_end(&mut body)?;
        Ok(body)
    }
}

/// Reads one piece of HTTP's chunked coding; whether there are more.
fn read_chunk(reader: &mut impl BufRead, body: &mut Vec<u8>) -> io::Result<bool> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let length = line.split(';').next().unwrap_or_default().trim();
    let length = u64::from_str_radix(length, 16).map_err(io::Error::other)?;
    reader.by_ref().take(length).read_to_end(body)?;
    reader.read_line(&mut String::new())?;
    Ok(length > 0)
}

/// An answer in CGI's form as one in HTTP's.
fn http_of_cgi(said: &[u8]) -> Vec<u8> {
    let end = said.windows(4).position(|window| window == b"\r\n\r\n");
    let (head, body) = match end {
        Some(end) => (&said[..end], &said[end + 4..]),
        None => (&b"Status: 500 Internal Server Error"[..], &b""[..]),
    };
    let head = String::from_utf8_lossy(head);
    let is_status = |line: &&str| line.to_ascii_lowercase().starts_with("status:");
    let status =
        head.lines().find(is_status).map_or("200 OK", |line| line["status:".len()..].trim());
    let mut http =
        format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n", body.len());
    for line in head.lines().filter(|line| !is_status(line)) {
        http.push_str(&format!("{line}\r\n"));
    }
    http.push_str("\r\n");
    [http.as_bytes(), body].concat()
}

/// Makes a hook of a bare repository that runs this shell script.
///
/// # Panics
/// When it cannot be written.
#[cfg(unix)]
pub fn write_hook(bare: &Path, name: &str, script: &str) {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    let hook = bare.join("hooks").join(name);
    fs::create_dir_all(bare.join("hooks")).expect("a folder of hooks");
    fs::write(&hook, format!("#!/bin/sh\n{script}\n")).expect(name);
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).expect(name);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_put_together() {
        let mut body = Vec::new();
        let mut reader = &b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"[..];
        while read_chunk(&mut reader, &mut body).expect("chunks") {}
        assert_eq!(body, b"abcde");
    }

    #[test]
    fn what_git_says_becomes_http_with_its_status() {
        let http = http_of_cgi(b"Status: 404 Not Found\r\nPragma: no-cache\r\n\r\ngone");
        let text = String::from_utf8(http).expect("text");
        assert!(text.starts_with("HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n"), "{text}");
        assert!(text.ends_with("\r\nPragma: no-cache\r\n\r\ngone"), "{text}");
        assert!(http_of_cgi(b"").starts_with(b"HTTP/1.1 500"));
    }
}
