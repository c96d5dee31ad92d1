//! Pays one person 0.10 yuan by a transfer, through a lost answer, against the simulator.
#![expect(clippy::print_stdout, reason = "an example shows what it finds")]

use std::error::Error;

use chrono::{DateTime, TimeDelta, Utc};
use wechat_adapter::pay::v3::{
    CreateTransfer, Credentials, Freshness, MerchantKey, QueryTransfer, TransferOrder,
    TransferScene, WeChatKeys,
};
use wechat_adapter::simulator::{
    Fault, FaultRule, NewPerson, Simulator, SimulatorConfig, TransferSetup,
};
use wechat_adapter::{AppId, BaseUrl, Endpoints, MerchantId, Nonce, Secret};

fn main() -> Result<(), Box<dyn Error>> {
    let config = SimulatorConfig::rehearsal("http://127.0.0.1:8080", "http://127.0.0.1:8080/push");
    let setup = TransferSetup::rehearsal();
    let base = BaseUrl::new("http://127.0.0.1:8080/simulator/wechat")?;
    let credentials = Credentials::new(
        MerchantId::new(config.merchant_id.as_str())?,
        &setup.merchant_serial,
        MerchantKey::new(&Secret::new(TransferSetup::REHEARSAL_MERCHANT_KEY)?)?,
        Endpoints::all_at(&base),
    )?;
    let keys = WeChatKeys::of_public_key(
        &setup.wechat_public_key_id,
        TransferSetup::REHEARSAL_WECHAT_PUBLIC_KEY,
    )?;
    let app_id = AppId::new(config.app_id.as_str())?;
    let simulator = Simulator::new(config)?;
    let now: DateTime<Utc> = "2026-05-06T02:00:00Z".parse()?;
    let person = simulator.create_person(NewPerson::named("Zhang San"), now)?;

    // 1. The order is stored before anything is sent: this text is what a repetition starts from.
    let order = TransferOrder {
        bill_number: "190000010920260506000001".parse()?,
        merchant_id: credentials.merchant_id().clone(),
        app_id,
        openid: person.openid.parse()?,
        amount_fen: 10,
        remark: "知识竞赛".to_owned(),
        scene: TransferScene::cash_marketing("知识竞赛", "五题全对"),
        name: None,
        notify_url: None,
        style: None,
    };
    let stored = serde_json::to_string(&order)?;

    // 2. WeChat executes it and the answer is lost: nothing is known, so the same order goes again.
    simulator.set_faults(vec![FaultRule::once(Fault::ExecuteThenDrop)]);
    let send = |at: DateTime<Utc>, nonce: &str| -> Result<_, Box<dyn Error>> {
        let call = CreateTransfer::new(serde_json::from_str(&stored)?)?;
        let nonce = Nonce::new(nonce)?;
        let request = call.request(&credentials, &keys, &Freshness { now: at, nonce })?;
        let answer = simulator.handle(&request, at).heard_by_a_client()?;
        Ok(CreateTransfer::parse(&answer, &keys, at)?)
    };
    let Err(lost) = send(now, "first") else {
        return Err("the fault did not happen".into());
    };
    println!("first sending: {lost}");
    let later = now.checked_add_signed(TimeDelta::seconds(5)).unwrap_or(now);
    let created = send(later, "second")?;
    println!("second sending, same number: {:?}", created.state);

    // 3. The person's page opens the confirm page with this, and the person presses confirm.
    let call = created.confirm_call(&order).ok_or("nothing to confirm")?;
    println!(
        "page calls requestMerchantTransfer({})",
        serde_json::to_string(&call)?
    );
    simulator.confirm_transfer(&person.openid, &call.package, later)?;

    // 4. Only a query (or a verified notification) says that it is paid.
    let end = later
        .checked_add_signed(TimeDelta::seconds(5))
        .unwrap_or(later);
    let nonce = Nonce::new("third")?;
    let request =
        QueryTransfer::of(&order).request(&credentials, &keys, &Freshness { now: end, nonce })?;
    let answer = simulator.handle(&request, end).heard_by_a_client()?;
    let record = QueryTransfer::parse(&answer, &keys, end)?;
    println!(
        "query: {:?}, the order's own: {}",
        record.state,
        record.echoes(&order)
    );
    println!(
        "paid in all, by WeChat's record: {} fen",
        simulator.totals().received_fen
    );
    Ok(())
}
