//! The client over sockets: which failure proves that nothing was sent, and what it never does.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;

use wechat_adapter::{
    ClientError, HttpClient, Request, Response, Secret, TransportError, WeChatHttp,
};

/// Answers one connection with `answer` and returns what it was sent.
fn peer(answer: Vec<u8>) -> (SocketAddr, JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let handle = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut received = vec![0; 4_096];
        let length = stream.read(&mut received).unwrap();
        received.truncate(length);
        // A client that has seen enough may hang up first.
        drop(stream.write_all(&answer));
        received
    });
    (address, handle)
}

fn send(request: Request) -> Result<Response, TransportError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let client = WeChatHttp::new().unwrap();
    runtime.block_on(client.send(request))
}

fn request_to(address: &str) -> Request {
    http::Request::post(format!("http://{address}/a?secret=hunter2"))
        .header("content-type", "text/xml")
        .body(b"<xml></xml>".to_vec())
        .unwrap()
}

#[test]
fn an_answer_comes_back_whole_whatever_its_status() {
    let (address, peer) =
        peer(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 3\r\nx-a: b\r\n\r\nabc".to_vec());
    let response = send(request_to(&address.to_string())).unwrap();
    assert_eq!(response.status(), 502);
    assert_eq!(response.headers()["x-a"], "b");
    assert_eq!(response.body(), b"abc");
    let received = String::from_utf8(peer.join().unwrap()).unwrap();
    assert!(
        received.starts_with("POST /a?secret=hunter2 HTTP/1.1\r\n"),
        "{received}"
    );
}

#[test]
fn a_redirect_is_not_followed() {
    let (address, peer) = peer(
        b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"
            .to_vec(),
    );
    assert_eq!(
        send(request_to(&address.to_string())).unwrap().status(),
        302
    );
    peer.join().unwrap();
}

#[test]
fn a_refused_connection_proves_that_nothing_was_sent() {
    let unused = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let error = send(request_to(&unused.to_string())).unwrap_err();
    assert!(matches!(error, TransportError::NotSent(_)), "{error:?}");
    assert!(!error.outcome_unknown());
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[test]
fn a_request_without_a_host_is_not_sent() {
    let error = send(Request::new(Vec::new())).unwrap_err();
    assert!(matches!(error, TransportError::NotSent(_)), "{error:?}");
}

#[test]
fn a_connection_cut_before_or_within_the_answer_leaves_the_outcome_unknown() {
    for answer in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc",
        b"garbage\r\n\r\n",
    ] {
        let (address, peer) = peer(answer.to_vec());
        let error = send(request_to(&address.to_string())).unwrap_err();
        assert!(
            matches!(error, TransportError::ConnectionLost(_)),
            "{error:?}"
        );
        assert!(error.outcome_unknown());
        assert!(!error.to_string().contains("hunter2"), "{error}");
        peer.join().unwrap();
    }
}

#[test]
fn an_endless_answer_is_not_kept() {
    let mut answer = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    answer.resize(WeChatHttp::MAX_ANSWER_BYTES + 100, b'a');
    let (address, peer) = peer(answer);
    let error = send(request_to(&address.to_string())).unwrap_err();
    assert_eq!(
        error,
        TransportError::AnswerTooLarge {
            limit_bytes: WeChatHttp::MAX_ANSWER_BYTES
        }
    );
    assert!(error.outcome_unknown());
    peer.join().unwrap();
}

#[test]
fn a_file_may_be_longer_than_an_answer_up_to_its_own_limit() {
    let length = WeChatHttp::MAX_ANSWER_BYTES + 100;
    let download = |limit_bytes| {
        let mut answer = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
        let head = answer.len();
        answer.resize(head + length, b'a');
        let (address, peer) = peer(answer);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let client = WeChatHttp::new().unwrap();
        let request = request_to(&address.to_string());
        let file = runtime.block_on(client.download(request, limit_bytes));
        peer.join().unwrap();
        file
    };
    let file = download(length).unwrap();
    assert_eq!(file.body(), &vec![b'a'; length]);
    let limit_bytes = length - 1;
    let error = download(limit_bytes).unwrap_err();
    assert_eq!(error, TransportError::AnswerTooLarge { limit_bytes });
}

#[test]
fn a_certificate_without_its_key_is_refused() {
    let text =
        Secret::new("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    assert!(matches!(
        WeChatHttp::with_certificate(&text),
        Err(ClientError::Identity(_))
    ));
}
