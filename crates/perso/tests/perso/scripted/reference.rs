/// A PIN or PUK: its 8 bytes, and its tries.
#[derive(Clone)]
pub(crate) struct Reference {
    pub(crate) value: [u8; 8],
    factory: [u8; 8],
    pub(crate) tries: u8,
    pub(crate) left: u8,
    /// The chip still calls it the maker's, wrongly.
    pub(crate) is_called_factory: bool,
    /// How often the last try was sent.
    pub(crate) last_tries: usize,
    /// How often a value was presented or set that is no PIN or PUK.
    pub(crate) malformed: usize,
}

impl Reference {
    pub(crate) fn new(value: &[u8; 8], tries: u8) -> Self {
        Self {
            value: *value,
            factory: *value,
            tries,
            left: tries,
            is_called_factory: true,
            last_tries: 0,
            malformed: 0,
        }
    }

    /// As its maker set it, with so many tries. What was counted stays.
    pub(crate) fn factory(&mut self, tries: u8) {
        self.value = self.factory;
        (self.tries, self.left) = (tries, tries);
        self.is_called_factory = true;
    }

    pub(crate) fn present(&mut self, value: &[u8]) -> u16 {
        self.check(value);
        if self.left == 0 {
            return 0x6983;
        }
        self.last_tries += usize::from(self.left == 1);
        let is_right = value == self.value;
        self.left = if is_right { self.tries } else { self.left - 1 };
        match (is_right, self.left) {
            (true, _) => 0x9000,
            (false, 0) => 0x6983,
            (false, left) => 0x63C0 | u16::from(left),
        }
    }

    /// Sets another value.
    pub(crate) fn set(&mut self, value: &[u8]) {
        self.check(value);
        self.value.copy_from_slice(value);
        self.is_called_factory = self.value == self.factory;
    }

    pub(crate) fn metadata(&self) -> Vec<u8> {
        let is_default = u8::from(self.is_called_factory);
        vec![0x01, 0x01, 0xFF, 0x05, 0x01, is_default, 0x06, 0x02, self.tries, self.left]
    }

    fn check(&mut self, value: &[u8]) {
        let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let is_padded = value[digits..].iter().all(|byte| *byte == 0xFF);
        let is_puk = self.factory.iter().all(u8::is_ascii_digit);
        let is_well_formed = value.len() == 8 && is_padded && digits >= if is_puk { 8 } else { 6 };
        self.malformed += usize::from(!is_well_formed);
    }
}
