use cardwright_virtual_card::Gate;

/// A boundary of a job on a fresh chip: where a phase begins, by the command that begins it
/// (SP 800-73-5 part 2, table 2; `FF` sets the management key).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boundary {
    /// SELECT of the security domain, the first command of all.
    Identify,
    /// The first GENERAL AUTHENTICATE.
    Authenticate,
    /// The first PUT DATA.
    CardCapability,
    /// The second CHANGE REFERENCE DATA: the first one, before anything is written, changes the PUK
    /// to itself.
    Puk,
    /// The third CHANGE REFERENCE DATA.
    Pin,
    /// The second PUT DATA.
    CardHolder,
    /// GENERATE ASYMMETRIC KEY PAIR.
    Keys,
    /// The management key is set.
    ManagementKey,
    /// The second SELECT of the security domain, after the reset.
    Verify,
}

impl Boundary {
    /// All of them, in their order.
    pub const ALL: [Self; 9] = [
        Self::Identify,
        Self::Authenticate,
        Self::CardCapability,
        Self::Puk,
        Self::Pin,
        Self::CardHolder,
        Self::Keys,
        Self::ManagementKey,
        Self::Verify,
    ];

    /// Before the phase's first command reaches the chip.
    #[must_use]
    pub fn before(self) -> Gate {
        let (instruction, nth) = self.command();
        Gate::before_instruction(instruction, nth)
    }

    /// The chip has carried the phase's first command out, and has not answered.
    #[must_use]
    pub fn inside(self) -> Gate {
        let (instruction, nth) = self.command();
        Gate::inside_instruction(instruction, nth)
    }

    fn command(self) -> (u8, u64) {
        match self {
            Self::Identify => (0xA4, 1),
            Self::Authenticate => (0x87, 1),
            Self::CardCapability => (0xDB, 1),
            Self::Puk => (0x24, 2),
            Self::Pin => (0x24, 3),
            Self::CardHolder => (0xDB, 2),
            Self::Keys => (0x47, 1),
            Self::ManagementKey => (0xFF, 1),
            // Identify selects the domain and PIV.
            Self::Verify => (0xA4, 3),
        }
    }
}
