//! Which chip a card is: what its maker burnt in, and nobody can change.

/// Card production life cycle data of card `index` (GlobalPlatform Card Specification 2.3.1,
/// H.6): 42 bytes, without tag and length. Two cards differ in IC serial and batch.
#[must_use]
pub fn cplc(index: u16) -> [u8; 42] {
    let [high, low] = spread(index).to_be_bytes();
    let mut data = [0; 42];
    data[0..2].copy_from_slice(&[0x47, 0x90]); // IC fabricator
    data[2..4].copy_from_slice(&[0x51, 0x67]); // IC type
    data[4..10].copy_from_slice(&[0x47, 0x91, 0x00, 0x78, 0x33, 0x00]); // operating system
    data[10..12].copy_from_slice(&[0x50, 0x64]); // IC fabrication date
    data[12..16].copy_from_slice(&[0x3B, 0x1F, 0x7A ^ high, 0x02 ^ low]); // IC serial number
    data[16..18].copy_from_slice(&(0x9C41u16.wrapping_add(index)).to_be_bytes()); // IC batch
    data[18..26].copy_from_slice(&[0x48, 0x12, 0x50, 0x70, 0x48, 0x13, 0x50, 0x71]);
    data
}

/// The 12 bytes of [`cplc`] that no issuer rewrites: fabricator, type, fabrication date (2 bytes
/// each), IC serial number (4) and batch (2).
#[must_use]
pub fn lasting_cplc(index: u16) -> [u8; 12] {
    let all = cplc(index);
    let mut lasting = [0; 12];
    lasting[0..4].copy_from_slice(&all[0..4]);
    lasting[4..6].copy_from_slice(&all[10..12]);
    lasting[6..12].copy_from_slice(&all[12..18]);
    lasting
}

/// What card `index` answers to GET SERIAL (`F8`, YubiKey family): 4 bytes.
#[must_use]
pub fn serial(index: u16) -> [u8; 4] {
    (0x0152_F743 + u32::from(index)).to_be_bytes()
}

/// A permutation of the 16-bit numbers with `spread(0) == 0` (an odd factor is invertible), so
/// that neighboring cards do not look alike.
fn spread(index: u16) -> u16 {
    index.wrapping_mul(0x4E6D)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_index_is_a_chip_of_its_own() {
        let chips: HashSet<_> = (0..=u16::MAX).map(lasting_cplc).collect();
        assert_eq!(chips.len(), 65536);
    }

    #[test]
    fn the_first_chip_looks_like_this() {
        assert_eq!(hex::encode_upper(lasting_cplc(0)), "4790516750643B1F7A029C41");
        assert_eq!(hex::encode_upper(lasting_cplc(1)), "4790516750643B1F346F9C42");
    }
}
