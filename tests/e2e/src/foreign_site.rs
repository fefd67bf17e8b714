use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Another program's web server on this computer: it answers everything with one page, and keeps
/// what browsers tell it.
pub struct ForeignSite {
    /// The port of 127.0.0.1 that it has.
    pub port: u16,
    heads: Arc<Mutex<Vec<String>>>,
    served: tokio::task::JoinHandle<()>,
}

impl ForeignSite {
    /// Starts one.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(page: &'static str) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&heads);
        let served = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let kept = Arc::clone(&kept);
                tokio::spawn(async move {
                    // A browser that goes away asks again.
                    if let Ok(head) = answer(stream, page).await {
                        kept.lock().unwrap_or_else(PoisonError::into_inner).push(head);
                    }
                });
            }
        });
        Ok(Self { port, heads, served })
    }

    /// The heads of all requests so far.
    #[must_use]
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for ForeignSite {
    fn drop(&mut self) {
        self.served.abort();
    }
}

async fn answer(mut stream: TcpStream, page: &str) -> std::io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && stream.read_buf(&mut head).await? > 0 {}
    let length = page.len();
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{page}"
    );
    stream.write_all(answer.as_bytes()).await?;
    Ok(String::from_utf8_lossy(&head).into_owned())
}
