//! A line for the shell that sends a request again.

use std::fmt::Write;

use super::{Request, Trust};

pub(super) fn line(request: &Request, trust: &Trust) -> String {
    let mut values = request.headers.iter().map(|(_, value)| value);
    if values.all(|value| is_printable(value)) && is_printable(&request.body) {
        curl(request, trust)
    } else {
        netcat(request)
    }
}

fn is_printable(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

fn curl(request: &Request, trust: &Trust) -> String {
    let mut line = "curl --include --http1.1 --path-as-is --globoff --noproxy '*'".to_owned();
    match trust.curl_option().filter(|_| request.endpoint.is_tls) {
        Some((option, value)) if !value.is_empty() => push(&mut line, option, &value),
        Some((option, _)) => _ = write!(line, " {option}"),
        None => {}
    }
    match request.method.as_ref() {
        "GET" => {}
        "HEAD" => line.push_str(" --head"),
        method => push(&mut line, "--request", method),
    }
    for (name, value) in &request.headers {
        // curl writes these two itself.
        if !matches!(*name, "Host" | "Content-Length") {
            let value = String::from_utf8_lossy(value);
            // For curl, a name with a colon and no value means no such header field.
            let field = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
            push(&mut line, "--header", &field);
        }
    }
    if !request.body.is_empty() {
        push(&mut line, "--data-binary", &String::from_utf8_lossy(&request.body));
    }
    push(&mut line, "--url", &request.endpoint.url);
    line
}

fn push(line: &mut String, option: &str, value: &str) {
    // Writing to a string cannot fail.
    let _ = write!(line, " {option} {}", quote(value));
}

/// Nothing but a single quote is special in single quotes, and that one cannot be in there.
fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The bytes as a format of `printf`, with octal escapes, which every shell's `printf` knows.
fn netcat(request: &Request) -> String {
    let mut format = String::new();
    for byte in request.to_bytes() {
        match byte {
            b'%' => format.push_str("%%"),
            b'\\' => format.push_str(r"\\"),
            b'\r' => format.push_str(r"\r"),
            b'\n' => format.push_str(r"\n"),
            b' '..=b'~' => format.push(char::from(byte)),
            // Writing to a string cannot fail.
            _ => _ = write!(format, r"\{byte:03o}"),
        }
    }
    let (host, port) = (&request.endpoint.host, request.endpoint.port);
    let format = quote(&format);
    if request.endpoint.is_tls {
        let address = quote(&request.endpoint.authority_with_port());
        return format!(
            "# curl cannot send these bytes\nprintf {format} | openssl s_client -quiet -connect {address}"
        );
    }
    format!("# curl cannot send these bytes\nprintf {format} | nc {} {port}", quote(host))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::target::Endpoint;

    fn request() -> Request {
        Request::new("GET", &Endpoint::parse("http://127.0.0.1:8402/a[1]?b='c'&d=$e").unwrap())
    }

    fn public_line(request: &Request) -> String {
        line(request, &Trust::default())
    }

    /// What a program gets as its arguments when a shell runs `line`.
    fn arguments(line: &str) -> Vec<String> {
        let shown = line.replacen("curl ", "printf '%s\\0' ", 1);
        let output = Command::new("sh").args(["-c", &shown]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.trim_end_matches('\0').split('\0').map(str::to_owned).collect()
    }

    #[test]
    fn a_shell_hands_every_byte_to_curl() {
        let hostile = r#"L402  it's $(rm) `x` "q" \ !"#;
        let arguments = arguments(&public_line(&request().with_header("Authorization", hostile)));
        assert!(arguments.contains(&format!("Authorization: {hostile}")), "{arguments:?}");
        assert_eq!(arguments.last().unwrap(), &request().endpoint.url);
    }

    #[test]
    fn the_method_and_the_body_are_repeated() {
        let head = Request { method: "HEAD".into(), ..request() };
        assert!(public_line(&head).contains(" --head "));
        let post = Request { method: "POST".into(), ..request() }.with_body("text/plain", "it's");
        let arguments = arguments(&public_line(&post));
        assert!(arguments.windows(2).any(|pair| pair == ["--request", "POST"]));
        assert!(arguments.windows(2).any(|pair| pair == ["--data-binary", "it's"]));
    }

    #[test]
    fn bytes_that_curl_cannot_send_are_printed_by_the_shell() {
        let odd = request().with_header("Authorization", b"it's 100% \\ \x01\x1f7\x7f\xff".to_vec());
        let line = public_line(&odd);
        assert!(line.starts_with("# curl cannot send these bytes\n"));
        let (print, _) = line.rsplit_once(" | nc ").unwrap();
        let output = Command::new("sh").args(["-c", print]).output().unwrap();
        assert_eq!(output.stdout.escape_ascii().to_string(), odd.to_bytes().escape_ascii().to_string());
    }

    #[test]
    fn over_tls_the_line_trusts_whom_the_suite_trusts() {
        let request = Request::new("GET", &Endpoint::parse("https://[::1]:8443/a").unwrap());
        assert!(line(&request, &Trust::anybody()).contains(" --insecure --header "));
        assert!(!public_line(&request).contains("--insecure"));
        let odd = request.with_header("Authorization", b"\x01".to_vec());
        assert!(public_line(&odd).ends_with(" | openssl s_client -quiet -connect '[::1]:8443'"));
    }

    #[test]
    fn an_empty_field_is_sent_and_not_left_out() {
        let arguments = arguments(&public_line(&request().with_header("Accept-Authenticate", "")));
        assert!(arguments.contains(&"Accept-Authenticate;".to_owned()), "{arguments:?}");
    }
}
