use crate::attack::Target;
use cardwright_desk::Page;
use cardwright_protocol::helper::{Message, Request};
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
            while !over.load(Ordering::Relaxed) {
                let began = Instant::now();
                let answer = page.ask(Request::Outcomes {}).await;
                assert!(matches!(answer, Message::Outcomes { .. }), "{answer:?}");
                slowest = slowest.max(began.elapsed());
                count += 1;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            (count, slowest)
        });
        let over = Arc::clone(&ends);
        let opens = tokio::spawn(async move {
            let (mut count, mut slowest) = (0, Duration::ZERO);
            while !over.load(Ordering::Relaxed) {
                let began = Instant::now();
                // A page that lost its place connects again, as the app does. A helper that is gone
                // is not waited for when all is over.
                while !over.load(Ordering::Relaxed) {
                    let registry = Arc::clone(&registry);
                    let open =
                        tokio::spawn(async move { drop(Page::open(address, &registry).await) });
                    if open.await.is_ok() {
                        break;
                    }
                }
                slowest = slowest.max(began.elapsed());
                count += 1;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            (count, slowest)
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
