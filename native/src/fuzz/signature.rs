//! Signatures: `key(32) signature(64) message`. One verdict for one row, alone or among others.

use super::{Row, is_key, verify_some};
use crate::fuzz::Verdict;
use crate::status;

/// See above.
pub fn law(data: &[u8]) -> Verdict {
    let mut key = [0; 32];
    let mut signature = [0; 64];
    let size = data.len().min(32);
    key[..size].copy_from_slice(&data[..size]);
    let rest = &data[size..];
    let size = rest.len().min(64);
    signature[..size].copy_from_slice(&rest[..size]);
    let row = Row { key: &key, signature: &signature, message: &rest[size..] };
    let other = Row { message: b"another", ..row };
    let alone = verify_some(&[row])[0];
    let among = verify_some(&[other, row, other, row]);
    assert_eq!((among[1], among[3]), (alone, alone));
    assert!(alone != status::OK || is_key(&key));
    (alone, u64::from(is_key(&key)))
}
