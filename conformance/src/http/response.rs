//! Reading an HTTP/1.1 answer.

/// The last head of an answer, and as much of its body as was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// The values of all fields of this name, which is lower case. Bytes that are no UTF-8 are replaced.
    pub(crate) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }
}

/// The answer in `bytes`, or `None` while it is incomplete. At the `end` of the stream a complete head is enough.
pub(crate) fn parse(bytes: &[u8], method: &str, end: bool) -> Result<Option<Response>, &'static str> {
    let mut rest = bytes;
    loop {
        let Some((head, body)) = split_at(rest, b"\r\n\r\n") else {
            let looks_right = rest.len() < 5 || rest.starts_with(b"HTTP/");
            return if looks_right { Ok(None) } else { Err("it does not start with HTTP/") };
        };
        let mut response = parse_head(head)?;
        if response.status < 200 {
            rest = body; // an interim answer such as 103
            continue;
        }
        let has_no_body = method == "HEAD" || matches!(response.status, 204 | 304);
        let (body, complete) = if has_no_body { (Vec::new(), true) } else { read_body(&response, body)? };
        response.body = body;
        return Ok((complete || end).then_some(response));
    }
}

fn parse_head(head: &[u8]) -> Result<Response, &'static str> {
    let head = String::from_utf8_lossy(head);
    let mut lines = head.split("\r\n");
    let mut status_line = lines.next().unwrap_or_default().split(' ');
    if !status_line.next().is_some_and(|version| version.starts_with("HTTP/1.")) {
        return Err("the version is not HTTP/1.x");
    }
    let status = status_line.next().filter(|status| status.len() == 3);
    let status = status.and_then(|status| status.parse().ok()).filter(|status| *status >= 100);
    let headers = lines.map(|line| {
        let (name, value) = line.split_once(':').ok_or("a header line without a colon")?;
        Ok((name.to_ascii_lowercase(), value.trim_matches([' ', '\t']).to_owned()))
    });
    Ok(Response {
        status: status.ok_or("the status is not a number of three digits")?,
        headers: headers.collect::<Result<_, &'static str>>()?,
        body: Vec::new(),
    })
}

/// What is there of the body, and whether that is all of it.
fn read_body(response: &Response, body: &[u8]) -> Result<(Vec<u8>, bool), &'static str> {
    if response.values("transfer-encoding").any(|coding| coding.eq_ignore_ascii_case("chunked")) {
        return read_chunks(body);
    }
    let Some(length) = response.values("content-length").next() else {
        return Ok((body.to_vec(), false)); // it ends when the server hangs up
    };
    let length: usize = length.parse().map_err(|_| "the content length is not a number")?;
    Ok((body[..body.len().min(length)].to_vec(), body.len() >= length))
}

fn read_chunks(mut rest: &[u8]) -> Result<(Vec<u8>, bool), &'static str> {
    let mut body = Vec::new();
    while let Some((line, data)) = split_at(rest, b"\r\n") {
        let size = line.split(|byte| *byte == b';').next().unwrap_or_default();
        let size = str::from_utf8(size).ok().and_then(|size| usize::from_str_radix(size.trim(), 16).ok());
        let size = size.ok_or("the size of a chunk is not a number")?;
        if size == 0 {
            let complete = data.starts_with(b"\r\n") || split_at(data, b"\r\n\r\n").is_some();
            return Ok((body, complete));
        }
        body.extend_from_slice(&data[..data.len().min(size)]);
        let Some(after) = size.checked_add(2).and_then(|end| data.get(end..)) else { break };
        rest = after;
    }
    Ok((body, false))
}

fn split_at<'a>(bytes: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(separator.len()).position(|window| window == separator)?;
    Some((&bytes[..at], &bytes[at + separator.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(bytes: &str) -> Response {
        parse(bytes.as_bytes(), "GET", false).unwrap().unwrap()
    }

    #[test]
    fn an_answer_with_a_length_is_complete_when_all_of_it_is_there() {
        let bytes = "HTTP/1.1 402 Payment Required\r\nA: 1\r\na:\t2 \r\nContent-Length: 3\r\n\r\nabc";
        for end in 0..bytes.len() {
            assert_eq!(parse(&bytes.as_bytes()[..end], "GET", false), Ok(None), "{end} bytes");
        }
        let response = complete(bytes);
        assert_eq!((response.status, response.body.as_slice()), (402, b"abc".as_slice()));
        assert_eq!(response.values("a").collect::<Vec<_>>(), ["1", "2"]);
    }

    #[test]
    fn chunks_are_put_together() {
        let bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n";
        for end in 0..bytes.len() {
            assert_eq!(parse(&bytes.as_bytes()[..end], "GET", false), Ok(None), "{end} bytes");
        }
        assert_eq!(complete(bytes).body, b"abc0123456789");
        let cut = bytes.find("\r\nA\r\n").unwrap();
        assert_eq!(parse(&bytes.as_bytes()[..cut], "GET", true).unwrap().unwrap().body, b"abc");
        let trailer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n";
        assert!(complete(trailer).is_success());
    }

    #[test]
    fn a_body_without_a_length_ends_with_the_stream() {
        let bytes = b"HTTP/1.1 200 OK\r\n\r\nabc";
        assert_eq!(parse(bytes, "GET", false), Ok(None));
        assert_eq!(parse(bytes, "GET", true).unwrap().unwrap().body, b"abc");
    }

    #[test]
    fn some_answers_have_no_body_whatever_they_say() {
        let head = b"HTTP/1.1 402 X\r\nContent-Length: 300\r\n\r\n";
        assert_eq!(parse(head, "HEAD", false).unwrap().unwrap().status, 402);
        assert_eq!(complete("HTTP/1.1 204 No Content\r\n\r\n").status, 204);
        assert_eq!(complete("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 X\r\n\r\n").status, 204);
    }

    #[test]
    fn what_is_not_http_is_not_read() {
        for bytes in [
            "SSH-2.0-OpenSSH\r\n",
            "HTTP/2 200 OK\r\n\r\n",
            "HTTP/1.1 20 OK\r\n\r\n",
            "HTTP/1.1 abc\r\n\r\n",
            "HTTP/1.1 099 X\r\n\r\n",
            "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        ] {
            assert!(parse(bytes.as_bytes(), "GET", true).is_err(), "{bytes}");
        }
    }
}
