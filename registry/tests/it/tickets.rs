use crate::answer::Answer;
use crate::world::{Browser, TestRegistry};
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::ids::WorkstationId;
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::workstations::{AskForTicket, IssuedTicket, Workstation};
use cardwright_protocol::ticket::Ticket;
use cardwright_seal::verify;
use std::time::Duration;

impl Browser {
    pub(crate) async fn try_ticket(&self, id: &WorkstationId, challenge: &[u8]) -> Answer {
        let request = AskForTicket { challenge: HexBytes(challenge.to_vec()) };
        self.post(&format!("/workstations/{id}/tickets"), &request).await
    }

    async fn workstation(&self, id: &WorkstationId) -> Workstation {
        let all: Vec<Workstation> = self.get("/workstations").await.ok();
        all.into_iter().find(|workstation| workstation.id == *id).unwrap()
    }
}

#[tokio::test]
async fn a_ticket_says_which_page_of_whom_may_use_which_helper() {
    let registry = TestRegistry::empty().await;
    let desk = &registry.desk.id;
    let port = registry.address.rsplit(':').next().unwrap();
    let localhost = format!("http://localhost:{port}");
    let mut operator = registry.log_in("operator").await;
    for origin in [registry.address.clone(), localhost] {
        operator.origin = Some(origin.clone());
        let issued: IssuedTicket = operator.try_ticket(desk, &[7; 32]).await.ok();
        assert_eq!(issued.name, "desk-1".into());
        let ticket = verify(&registry.key, &issued.ticket).unwrap();
        let expected = Ticket {
            challenge: HexBytes(vec![7; 32]),
            origin,
            operator: "operator".to_owned(),
            workstation: desk.clone(),
        };
        assert_eq!(ticket, expected);
    }
    operator.origin = Some("http://evil.example".to_owned());
    let answer = operator.try_ticket(desk, &[7; 32]).await;
    assert_eq!(answer.refused(), ProblemCode::ForeignOrigin);
}

#[tokio::test]
async fn who_gets_no_ticket_learns_why() {
    let registry = TestRegistry::empty().await;
    let operator = registry.log_in("operator").await;
    let admin = registry.log_in("admin").await;
    let refused = async |id: &WorkstationId, challenge: &[u8]| {
        let problem = operator.try_ticket(id, challenge).await.problem();
        (problem.code, problem.message)
    };
    for length in [0, 31, 33] {
        let (code, _) = refused(&registry.desk.id, &vec![7; length]).await;
        assert_eq!(code, ProblemCode::Invalid);
    }
    let (code, message) = refused(&"0123456789abcdef".into(), &[7; 32]).await;
    assert_eq!(code, ProblemCode::NotFound);
    assert!(message.contains("Ask an admin to add the workstation"), "{message}");
    let invited = admin.add_workstation("desk-3").await.workstation.id;
    let (code, message) = refused(&invited, &[7; 32]).await;
    assert_eq!(code, ProblemCode::WrongState);
    assert!(message.starts_with("desk-3") && message.contains("one-time code"), "{message}");
    admin.revoke(&registry.desk.id).await;
    let (code, message) = refused(&registry.desk.id, &[7; 32]).await;
    assert_eq!(code, ProblemCode::WrongState);
    assert!(message.starts_with("desk-1") && message.contains("revoked"), "{message}");
    let auditor = registry.log_in("auditor").await;
    let answer = auditor.try_ticket(&registry.other_desk.id, &[7; 32]).await;
    assert_eq!(answer.refused(), ProblemCode::NotPermitted);
}

#[tokio::test]
async fn the_use_of_a_workstation_is_written_down_once_a_minute() {
    let registry = TestRegistry::empty().await;
    let operator = registry.log_in("operator").await;
    let admin = registry.log_in("admin").await;
    let desk = &registry.desk.id;
    let used_at = async || admin.workstation(desk).await.used_at;
    assert_eq!(used_at().await, None);
    let _: IssuedTicket = operator.try_ticket(desk, &[7; 32]).await.ok();
    let first = used_at().await;
    assert!(first.is_some());
    registry.clock.advance(Duration::from_secs(59));
    let _: IssuedTicket = operator.try_ticket(desk, &[8; 32]).await.ok();
    assert_eq!(used_at().await, first);
    registry.clock.advance(Duration::from_secs(1));
    let _: IssuedTicket = operator.try_ticket(desk, &[9; 32]).await.ok();
    assert_ne!(used_at().await, first);
    let _: IssuedTicket = admin.try_ticket(&registry.other_desk.id, &[7; 32]).await.ok();
    // Who asks between the tickets of somebody else is written down all the same.
    let _: IssuedTicket = admin.try_ticket(desk, &[9; 32]).await.ok();
    let _: IssuedTicket = admin.try_ticket(desk, &[10; 32]).await.ok();
    let events = registry.events("workstation.used").await;
    let began = |who: &str, what: &str| format!("{who}: Began to use the readers of {what}");
    let expected = [("operator", "desk-1"), ("admin", "desk-2"), ("admin", "desk-1")];
    assert_eq!(events, expected.map(|(who, what)| began(who, what)));
}
