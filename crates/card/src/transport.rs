use zeroize::Zeroizing;

/// A link to one chip. Chaining, `61xx`, `6Cxx` and lengths are wrappers over it.
pub trait Transport {
    /// Sends one command APDU (ISO 7816-4, 5.1) and gives the response APDU: data, then the
    /// status word; at least 2 bytes.
    ///
    /// # Errors
    /// [`TransportError`]: whether the chip carried the command out is then not known.
    fn transmit(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, TransportError>;
}

/// Why no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The chip left the reader, or its answer was shorter than a status word.
    #[error("the chip left the reader")]
    Removed,
    /// Somebody reset the chip: its security status is gone.
    #[error("the chip was reset by another program")]
    Reset,
    /// Another program has the chip for itself.
    #[error("another program is using the chip")]
    Busy,
    /// The PC/SC service stopped.
    #[error("the PC/SC service stopped")]
    ServiceStopped,
    /// No answer came in time.
    #[error("the chip did not answer in time")]
    Hung,
    /// Anything else that the service says.
    #[error("the PC/SC service reports an error")]
    Other,
}
