//! SHA-256 in the shapes the kernels need: any bytes, several parts, Merkle leaves and nodes.
//!
//! **Law:** every function is plain SHA-256 (FIPS 180-4) of the bytes it names. Merkle hashes have
//! a fixed length, so their padding is written once and the blocks go straight to the compressor.

use sha2::{Digest as _, Sha256, compress256};

use crate::columns::{DIGEST_BYTES, Digest};

const START: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// SHA-256 of the parts one after the other.
pub fn sha256(parts: &[&[u8]]) -> Digest {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// SHA-256(00 ‖ digest): one block.
pub fn leaf(digest: &Digest) -> Digest {
    let mut block = [0; 64];
    block[1..=DIGEST_BYTES].copy_from_slice(digest);
    block[33] = 0x80;
    block[62..].copy_from_slice(&(33_u16 * 8).to_be_bytes());
    squeeze(&[block.into()])
}

/// SHA-256(01 ‖ left ‖ right): 65 bytes, two blocks.
pub fn node(left: &Digest, right: &Digest) -> Digest {
    let mut first = [0; 64];
    let mut second = [0; 64];
    first[0] = 1;
    first[1..33].copy_from_slice(left);
    first[33..].copy_from_slice(&right[..31]);
    second[0] = right[31];
    second[1] = 0x80;
    second[62..].copy_from_slice(&(65_u16 * 8).to_be_bytes());
    squeeze(&[first.into(), second.into()])
}

type Block = sha2::digest::generic_array::GenericArray<u8, sha2::digest::consts::U64>;

/// The digest of blocks that are padded already.
fn squeeze(blocks: &[Block]) -> Digest {
    let mut state = START;
    compress256(&mut state, blocks);
    let mut digest = [0; DIGEST_BYTES];
    for (bytes, word) in digest.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merkle_hashes_are_plain_sha256() {
        let (left, right) = ([7; 32], [9; 32]);
        assert_eq!(leaf(&left), sha256(&[&[0], &left]));
        assert_eq!(node(&left, &right), sha256(&[&[1], &left, &right]));
    }
}
