//! Verifies the push that the vendor's encryption guide prints, and answers it.
#![expect(clippy::print_stdout, reason = "an example shows what it finds")]

use std::error::Error;

use wechat_adapter::official::{CallbackMode, CallbackVerifier, Reply};
use wechat_adapter::{AppId, Secret};

fn main() -> Result<(), Box<dyn Error>> {
    let verifier = CallbackVerifier::new(
        AppId::new("wxba5fad812f8e6fb9")?,
        Secret::new("AAAAA")?,
        Some(&Secret::new("A".repeat(43))?),
        CallbackMode::Encrypted,
    )?;
    // What the web server received: the raw query, the body, and the time of its clock.
    let query = "signature=899cf89e464efb63f54ddac96b0a0a235f53aa78&timestamp=1714112445&nonce=415670741\
                 &encrypt_type=aes&msg_signature=046e02f8204d34f8ba5fa3b1db94908f3df2e9b3";
    let body = r#"{"ToUserName":"gh_97417a04a28d","Encrypt":"+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04="}"#;
    let now = "2024-04-26T06:20:46Z".parse()?;

    let push = verifier.receive(query, body.as_bytes(), now)?;
    println!("{} did {:?}", push.openid, push.event);
    println!("store it once under {}", push.dedup_key);
    let reply = Reply::success();
    println!(
        "then answer {:?} within 5 seconds",
        String::from_utf8_lossy(&reply.body)
    );

    // The same push an hour later is a replay, and with one letter changed a forgery.
    let late = "2024-04-26T07:20:46Z".parse()?;
    println!(
        "later: {:?}",
        verifier.receive(query, body.as_bytes(), late).err()
    );
    let forged = body.replace("PAJGj04=", "PAJGj05=");
    println!(
        "forged: {:?}",
        verifier.receive(query, forged.as_bytes(), now).err()
    );
    Ok(())
}
