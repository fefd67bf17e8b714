use crate::attack::Target;
use cardwright_desk::{Page, Registry};
use cardwright_protocol::helper::{Message, Request};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// How honest pages were served meanwhile.
#[derive(Debug, Default)]
pub(crate) struct Served {
    pub(crate) asked: u32,
    pub(crate) slowest_answer: Duration,
    pub(crate) opened: u32,
    pub(crate) slowest_page: Duration,
}

/// Two honest people: one has a ticket, one opens the page again and again.
pub(crate) struct Watch {
    ends: Arc<AtomicBool>,
    asks: JoinHandle<(u32, Duration)>,
    opens: JoinHandle<(u32, Duration)>,
}

impl Watch {
    pub(crate) async fn begin(target: &Target) -> Self {
        let ends = Arc::new(AtomicBool::new(false));
        let (address, registry) = (target.address, Arc::clone(&target.registry));
        let mut page = Page::open(address, &registry).await;
        let over = Arc::clone(&ends);
        let asks = tokio::spawn(async move {
            let (mut count, mut slowest) = (0, Duration::ZERO);
            loop {
                let began = Instant::now();
                let answer = page.ask(Request::Outcomes {}).await;
                assert!(matches!(answer, Message::Outcomes { .. }), "{answer:?}");
                slowest = slowest.max(began.elapsed());
                count += 1;
                if over.load(Ordering::Relaxed) {
                    return (count, slowest);
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        let over = Arc::clone(&ends);
        let opens = tokio::spawn(async move {
            let (mut count, mut slowest) = (0, Duration::ZERO);
            loop {
                let (began, mut in_vain) = (Instant::now(), 0);
                // A page that lost its place connects again, as the app does; but when nobody
                // attacks any more, there is no reason to lose it.
                while !opens(address, &registry).await {
                    in_vain += u32::from(over.load(Ordering::Relaxed));
                    assert!(in_vain < 100, "no page is let in");
                }
                slowest = slowest.max(began.elapsed());
                count += 1;
                if over.load(Ordering::Relaxed) {
                    return (count, slowest);
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        Self { ends, asks, opens }
    }

    pub(crate) async fn end(self) -> anyhow::Result<Served> {
        self.ends.store(true, Ordering::Relaxed);
        let ((asked, slowest_answer), (opened, slowest_page)) =
            (self.asks.await?, self.opens.await?);
        Ok(Served { asked, slowest_answer, opened, slowest_page })
    }
}

/// Opens the page once: whether it got its ticket believed.
async fn opens(address: SocketAddr, registry: &Arc<Registry>) -> bool {
    let registry = Arc::clone(registry);
    tokio::spawn(async move { drop(Page::open(address, &registry).await) }).await.is_ok()
}
