use std::fs;
use std::io::{ErrorKind, SeekFrom};
use std::os::unix::fs::symlink;
use std::path::Path;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tower_http::services::ServeDir;
use tower_http::services::fs::{Backend as _, File as _};

use super::{Answer, Files, Opened, SMALL};

/// What is answered to a request: its status, header and content.
async fn ask(directory: &Path, request: Request<Body>) -> (StatusCode, HeaderMap, Vec<u8>) {
    let mut server = ServeDir::with_backend(directory, Files::default());
    let (head, body) = server
        .try_call(request)
        .await
        .map_or_else(|error| panic!("no answer: {error}"), |response| response.map(Body::new).into_parts());
    let content = to_bytes(body, usize::MAX).await.unwrap();
    (head.status, head.headers, content.to_vec())
}

async fn get(directory: &Path, path: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, Vec<u8>) {
    let request =
        headers.iter().fold(Request::get(path), |request, (name, value)| request.header(*name, *value));
    ask(directory, request.body(Body::empty()).unwrap()).await
}

/// Whether there is no such page: the service leaves it to the caller to say so for what is not found.
async fn is_missing(directory: &Path, path: &str) -> bool {
    let mut server = ServeDir::with_backend(directory, Files::default());
    let request = Request::get(path).body(Body::empty()).unwrap();
    match server.try_call(request).await {
        Ok(response) => response.status() == StatusCode::NOT_FOUND,
        Err(error) => matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
    }
}

async fn opened(path: &Path) -> Opened {
    Files::default().open(path.to_owned()).await.unwrap()
}

#[tokio::test]
async fn what_is_served_is_what_is_there() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("file.txt");
    for content in ["one", "two", "and one that is longer"] {
        fs::write(&file, content).unwrap();
        let (status, headers, served) = get(place.path(), "/file.txt", &[]).await;
        assert_eq!((status, served.as_slice()), (StatusCode::OK, content.as_bytes()));
        assert_eq!(headers["content-type"], "text/plain");
        assert_eq!(headers["content-length"], content.len().to_string());
    }
    // Another file by the same name.
    fs::write(place.path().join("other"), "new").unwrap();
    fs::rename(place.path().join("other"), &file).unwrap();
    assert_eq!(get(place.path(), "/file.txt", &[]).await.2, b"new");
    // One that has grown beyond what is read in one go.
    let large = vec![7; 3 * SMALL as usize + 1];
    fs::write(&file, &large).unwrap();
    assert!(get(place.path(), "/file.txt", &[]).await.2 == large);
    fs::remove_file(&file).unwrap();
    assert!(is_missing(place.path(), "/file.txt").await);
    fs::write(&file, "again").unwrap();
    assert_eq!(get(place.path(), "/file.txt", &[]).await.2, b"again");
    fs::write(&file, "").unwrap();
    assert_eq!(get(place.path(), "/file.txt", &[]).await.2, b"");
}

#[tokio::test]
async fn a_directory_is_its_index() {
    let place = tempfile::tempdir().unwrap();
    fs::create_dir(place.path().join("a b")).unwrap();
    assert!(is_missing(place.path(), "/a%20b/").await);
    fs::write(place.path().join("a b/index.html"), "the index").unwrap();
    assert_eq!(get(place.path(), "/a%20b/", &[]).await.2, b"the index");
    let (status, headers, _) = get(place.path(), "/a%20b", &[]).await;
    assert_eq!((status, headers["location"].as_bytes()), (StatusCode::TEMPORARY_REDIRECT, &b"/a%20b/"[..]));
    assert!(is_missing(place.path(), "/a%20b/index.html/").await);
    assert!(is_missing(place.path(), "/a%20b/index.html/more").await);
}

#[tokio::test]
async fn a_part_is_served_alone() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("file"), "0123456789").unwrap();
    for (range, content) in [("bytes=2-4", "234"), ("bytes=7-", "789"), ("bytes=-1", "9")] {
        let (status, headers, served) = get(place.path(), "/file", &[("range", range)]).await;
        assert_eq!((status, served.as_slice()), (StatusCode::PARTIAL_CONTENT, content.as_bytes()), "{range}");
        assert_eq!(headers["content-length"], content.len().to_string());
    }
    let (status, headers, _) = get(place.path(), "/file", &[("range", "bytes=10-")]).await;
    assert_eq!(
        (status, headers["content-range"].as_bytes()),
        (StatusCode::RANGE_NOT_SATISFIABLE, &b"bytes */10"[..])
    );
}

#[tokio::test]
async fn a_head_has_no_body_and_what_is_known_is_not_sent_again() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("file"), "0123456789").unwrap();
    let (status, headers, body) =
        ask(place.path(), Request::head("/file").body(Body::empty()).unwrap()).await;
    assert_eq!((status, headers["content-length"].as_bytes(), body.len()), (StatusCode::OK, &b"10"[..], 0));
    let (modified, tag) = (headers["last-modified"].to_str().unwrap(), headers["etag"].to_str().unwrap());
    for known in [("if-modified-since", modified), ("if-none-match", tag)] {
        let (status, _, body) = get(place.path(), "/file", &[known]).await;
        assert_eq!((status, body.len()), (StatusCode::NOT_MODIFIED, 0), "{known:?}");
    }
    let longer = "01234567890";
    fs::write(place.path().join("file"), longer).unwrap();
    assert_eq!(get(place.path(), "/file", &[("if-none-match", tag)]).await.2, longer.as_bytes());
    let (status, _, _) = get(place.path(), "/file", &[("if-match", tag)]).await;
    assert_eq!(status, StatusCode::PRECONDITION_FAILED);
}

#[tokio::test]
async fn nothing_beside_the_directory_is_served() {
    let place = tempfile::tempdir().unwrap();
    let public = place.path().join("public");
    fs::create_dir(&public).unwrap();
    fs::write(place.path().join("secret"), "secret").unwrap();
    for path in ["/../secret", "/%2e%2e/secret", "/..%2fsecret", "/a/../../secret", "//secret", "/%00secret"]
    {
        assert!(is_missing(&public, path).await, "{path}");
    }
}

#[tokio::test]
async fn what_is_no_file_is_not_waited_for() {
    let place = tempfile::tempdir().unwrap();
    // Nobody writes into it.
    mkfifo(&place.path().join("fifo"), Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
    symlink("/dev/zero", place.path().join("zero")).unwrap();
    symlink("loop", place.path().join("loop")).unwrap();
    assert!(is_missing(place.path(), "/fifo").await);
    assert!(is_missing(place.path(), "/zero").await);
    assert!(Files::default().open(place.path().to_owned()).await.is_err());
    assert!(Files::default().open(place.path().join("loop")).await.is_err());
    // A thread that may wait does not either.
    symlink(place.path().join("fifo"), place.path().join("link")).unwrap();
    assert!(is_missing(place.path(), "/link").await);
}

#[tokio::test]
async fn a_file_is_as_long_as_when_it_was_opened() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("file");
    fs::write(&path, "0123456789").unwrap();
    let (mut grows, mut shrinks) = (opened(&path).await, opened(&path).await);
    assert_eq!(fs::Metadata::len(&grows.metadata().await.unwrap()), 10);
    let mut read = Vec::new();
    fs::write(&path, "0123456789 and more").unwrap();
    grows.read_to_end(&mut read).await.unwrap();
    assert_eq!(read, b"0123456789");
    fs::write(&path, "01234").unwrap();
    read.clear();
    shrinks.read_to_end(&mut read).await.unwrap();
    assert_eq!(read, b"01234");
}

#[tokio::test]
async fn it_is_read_from_anywhere_in_pieces() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("file");
    fs::write(&path, "0123456789").unwrap();
    let mut file = opened(&path).await;
    let mut piece = [0; 4];
    for (to, position, expected) in
        [(SeekFrom::Start(3), 3, "3456"), (SeekFrom::Current(-2), 5, "5678"), (SeekFrom::End(-10), 0, "0123")]
    {
        assert_eq!(file.seek(to).await.unwrap(), position);
        file.read_exact(&mut piece).await.unwrap();
        assert_eq!(piece, expected.as_bytes());
    }
    file.seek(SeekFrom::Start(11)).await.unwrap();
    assert_eq!(file.read(&mut piece).await.unwrap(), 0);
    assert!(file.seek(SeekFrom::Current(-12)).await.is_err());
}

#[tokio::test]
async fn a_thread_reads_the_same() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("file");
    let content: Vec<u8> = (0..200_000_u32).map(|number| number as u8).collect();
    fs::write(&path, &content).unwrap();
    let mut file = opened(&path).await;
    file.only_threads = true;
    let mut read = vec![0; 1000];
    file.read_exact(&mut read).await.unwrap();
    file.read_to_end(&mut read).await.unwrap();
    assert!(read == content);
    file.seek(SeekFrom::Start(199_999)).await.unwrap();
    assert_eq!(file.read(&mut [0; 10]).await.unwrap(), 1);
}

/// What one request has found out is not asked for again, and no other request gets to see it.
#[tokio::test]
async fn what_was_asked_about_is_what_is_opened() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("file");
    fs::write(&path, "old").unwrap();
    let files = Files::default();
    assert!(files.metadata(path.clone()).await.unwrap().is_file());
    fs::remove_file(&path).unwrap();
    fs::write(&path, "new").unwrap();
    assert!(files.clone().asked().is_none());
    let mut content = String::new();
    let first = files.open(path.clone());
    assert!(matches!(first, Answer::Now(_)));
    first.await.unwrap().read_to_string(&mut content).await.unwrap();
    files.open(path).await.unwrap().read_to_string(&mut content).await.unwrap();
    assert_eq!(content, "oldnew");
}
