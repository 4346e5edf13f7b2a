//! Reading an answer without trusting its length.

use reqwest::Response;
use zeroize::Zeroizing;

/// Why a body was not read to its end.
pub(super) enum BodyError {
    TooLarge,
    Http(reqwest::Error),
}

/// The whole body, which may hold preimages and is wiped when dropped.
pub(super) async fn read(mut response: Response, max: usize) -> Result<Zeroizing<Vec<u8>>, BodyError> {
    let announced = response.content_length().unwrap_or(0);
    if announced > max as u64 {
        return Err(BodyError::TooLarge);
    }
    let mut body = Zeroizing::new(Vec::with_capacity(usize::try_from(announced).unwrap_or(0)));
    while let Some(chunk) = response.chunk().await.map_err(BodyError::Http)? {
        append(&mut body, &chunk, max)?;
    }
    Ok(body)
}

/// The body up to its first line break, after which the connection is given up.
pub(super) async fn first_line(mut response: Response, max: usize) -> Result<Zeroizing<Vec<u8>>, BodyError> {
    let mut body = Zeroizing::new(Vec::new());
    while let Some(chunk) = response.chunk().await.map_err(BodyError::Http)? {
        append(&mut body, &chunk, max)?;
        if let Some(end) = body.iter().position(|&byte| byte == b'\n') {
            body.truncate(end);
            break;
        }
    }
    Ok(body)
}

fn append(body: &mut Vec<u8>, chunk: &[u8], max: usize) -> Result<(), BodyError> {
    if chunk.len() > max - body.len() {
        return Err(BodyError::TooLarge);
    }
    body.extend_from_slice(chunk);
    Ok(())
}
