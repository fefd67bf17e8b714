use super::EnrollError;
use cardwright_seal::EnrolmentCode;
use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::os::fd::AsFd as _;
use zeroize::Zeroizing;

/// Longest line that is read, in bytes.
const MAX_LENGTH: usize = 256;

/// Asks for the one-time code at the terminal, or reads one line where the standard input is none.
///
/// What is typed can be seen: it is read from a screen or from paper, is good for one use and for
/// minutes, and a terminal whose echo stays off is worse.
///
/// # Errors
/// [`EnrollError::NoCode`], [`EnrollError::BadCode`].
pub fn ask_for_code() -> Result<EnrolmentCode, EnrollError> {
    let input = io::stdin();
    if input.is_terminal() {
        let mut screen = io::stderr();
        write!(screen, "One-time code: ")
            .and_then(|()| screen.flush())
            .map_err(EnrollError::NoCode)?;
    }
    // Read without a buffer of the standard library's, which nobody wipes.
    let input = input.as_fd().try_clone_to_owned().map_err(EnrollError::NoCode)?;
    let line = read_line(File::from(input)).map_err(EnrollError::NoCode)?;
    let text = std::str::from_utf8(&line).map_err(|_| cardwright_seal::NotACode)?;
    Ok(text.parse()?)
}

fn read_line(mut input: impl io::Read) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut line = Zeroizing::new(Vec::with_capacity(MAX_LENGTH));
    let mut byte = Zeroizing::new([0]);
    while line.len() < MAX_LENGTH {
        match input.by_ref().take(1).read(&mut *byte) {
            Ok(0) => break,
            Ok(_) if byte[0] == b'\n' => break,
            Ok(_) => line.push(byte[0]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_is_read_and_no_more_than_a_code_needs() {
        for (input, line) in [("", ""), ("ab", "ab"), ("ab\ncd\n", "ab"), ("\n", "")] {
            assert_eq!(*read_line(input.as_bytes()).unwrap(), line.as_bytes());
        }
        assert_eq!(read_line(io::repeat(b'a')).unwrap().len(), MAX_LENGTH);
    }
}
