//! Any text as a ciphertext; and what was encrypted comes back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wechat_adapter::official::{EncodingAesKey, Envelope};
use wechat_adapter::{AppId, Secret};

fuzz_target!(|input: ([u8; 16], &str)| {
    let (random, text) = input;
    let key = Secret::new("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG").unwrap();
    let key = EncodingAesKey::new(&key).unwrap();
    let envelope = Envelope::new(key, AppId::new("wx1").unwrap());
    drop(envelope.decrypt(text));
    let sealed = envelope.encrypt(text, random).unwrap();
    assert_eq!(envelope.decrypt(&sealed).unwrap(), text);
});
