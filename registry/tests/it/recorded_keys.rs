use crate::desk::{Opened, mute, written};
use crate::story::Story;
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::outcome::{Condition, FailureCause, KeyReceipt};

#[tokio::test]
async fn keys_that_jobs_told_of_come_with_the_next_job_until_one_of_them_differs() {
    let story = Story::begin().await;
    let key = |byte: u8| KeyReceipt {
        reference: HexBytes(vec![0x9A]),
        algorithm: "P-256".to_owned(),
        public_key: HexBytes(vec![4, byte]),
    };
    let fail = async |job: &Opened, what: Option<&str>, keys: Vec<KeyReceipt>| {
        let cause = match what {
            Some(what) => FailureCause::ReadBackDiffers { what: what.to_owned() },
            None => FailureCause::CardRemoved,
        };
        let desk = &story.registry.desk;
        let mut failure = desk.failure_of(job, cause, Condition::PartlyWritten);
        failure.keys = keys;
        story.operator.hand_over(&desk.signed_failure(&failure)).await;
    };
    let first = story.job(&mute(7)).await;
    let torn = written(&mute(7), &first);
    assert_eq!(first.contents.recorded_keys, []);
    let late = story.job(&torn).await;
    let third = story.job(&torn).await;
    fail(&third, None, vec![key(3)]).await;
    fail(&late, None, vec![key(2)]).await;
    let fourth = story.job(&torn).await;
    assert_eq!(fourth.contents.recorded_keys, [key(3)], "the newest job's");
    fail(&fourth, Some("PIN"), vec![key(4)]).await;
    let fifth = story.job(&torn).await;
    assert_eq!(fifth.contents.recorded_keys, [key(4)]);
    fail(&fifth, Some("key"), vec![key(4)]).await;
    assert_eq!(story.job(&torn).await.contents.recorded_keys, []);
}
