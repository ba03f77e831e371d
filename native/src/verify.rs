//! Ed25519 by one strict rule, so that a signature is valid everywhere or nowhere.
//!
//! ```text
//! signature = R (32) ‖ S (32)       key = A (32)       k = SHA-512(R ‖ A ‖ message) mod L
//!
//! 1  S < L
//! 2  A and R are canonical: y < p (the top bit is the sign of x)
//! 3  A and R are not of small order: y is none of five values
//! 4  encode([S]B - [k]A) is R, byte for byte
//! ```
//!
//! **Law:** each signature is decided by its own equation, without cofactor; batches share only
//! the field inversions of step 4, which change no result. The same verdict as
//! `tallystick/kernels/reference/verify.py`.
//! Source: RFC 8032; Chalkias, Garillot, Nikolaenko, "Taming the many `EdDSAs`" (SSR 2020).

use std::num::NonZero;
use std::thread;

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use sha2::{Digest as _, Sha512};

use crate::columns::{Bytes, Digest, expect_rows, read_parts, split};
use crate::status;

/// Below this many signatures a second thread costs more than it saves.
const THREAD_ROWS_MIN: usize = 32;
/// Points encoded together: one field inversion for all of them.
const CHUNK_ROWS: usize = 32;

/// Little-endian 64-bit words of a field element.
type Words = [u64; 4];

/// p = 2^255 - 19.
const P: Words = [u64::MAX - 18, u64::MAX, u64::MAX, SIGN - 1];
/// y of the points whose order divides 8: two of order 4, one of 1, one of 2, two pairs of order 8.
const SMALL_ORDER: [Words; 5] = [
    [0, 0, 0, 0],
    [1, 0, 0, 0],
    [P[0] - 1, P[1], P[2], P[3]],
    [0xb027_b2c2_8f95_e826, 0xf098_eff2_89f4_c345, 0x3933_c6d3_05ac_dfd5, 0x05fc_536d_8802_38b1],
    [0x4fd8_4d3d_706a_17c7, 0x0f67_100d_760b_3cba, 0xc6cc_392c_fa53_202a, 0x7a03_ac92_77fd_c74e],
];
/// The sign of x, in the last word of an encoded point.
const SIGN: u64 = 1 << 63;

/// Steps 2 and 3 for one encoded point.
fn is_good_point(point: &Digest) -> bool {
    let mut y: Words = [0; 4];
    for (word, bytes) in y.iter_mut().zip(point.as_chunks::<8>().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    y[3] &= !SIGN;
    y.iter().rev().lt(P.iter().rev()) && !SMALL_ORDER.contains(&y)
}

/// Whether bytes may name an author. Not being a point at all shows with the first signature.
pub fn is_key(key: &[u8]) -> bool {
    Digest::try_from(key).is_ok_and(|key| is_good_point(&key))
}

/// Whether 32 bytes may name an author: canonical, and not of small order.
#[pyfunction]
#[must_use]
pub fn is_author_key(key: Bytes) -> bool {
    is_key(&key)
}

/// u8[n]: OK or SIGNATURE for each of 32 * n keys, 64 * n signatures and n messages.
#[pyfunction]
pub fn verify_signatures<'py>(
    py: Python<'py>,
    keys: Bytes,
    signatures: Bytes,
    messages: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyBytes>> {
    let keys = split::<32>(&keys)?;
    let signatures = split::<64>(&signatures)?;
    let messages = read_parts(messages)?;
    expect_rows("signatures", signatures.len(), keys.len())?;
    expect_rows("messages", messages.len(), keys.len())?;
    let rows: Vec<Row> = keys
        .iter()
        .zip(signatures)
        .zip(&messages)
        .map(|((key, signature), message)| Row { key, signature, message })
        .collect();
    Ok(PyBytes::new(py, &py.detach(|| verify_all(&rows))))
}

/// One signature to be checked.
#[derive(Clone, Copy)]
struct Row<'a> {
    key: &'a Digest,
    signature: &'a [u8; 64],
    message: &'a [u8],
}

/// Statuses of all rows, on as many threads as there are cores when there is enough to share.
fn verify_all(rows: &[Row]) -> Vec<u8> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = cores.min(rows.len() / THREAD_ROWS_MIN).max(1);
    if threads == 1 {
        return verify_some(rows);
    }
    thread::scope(|scope| {
        let share = rows.len().div_ceil(threads);
        let mut shares = rows.chunks(share);
        let mine = shares.next().unwrap_or_default();
        let others: Vec<_> = shares.map(|part| scope.spawn(|| verify_some(part))).collect();
        let mut statuses = verify_some(mine);
        for other in others {
            let part = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            statuses.extend(part);
        }
        statuses
    })
}

fn verify_some(rows: &[Row]) -> Vec<u8> {
    let mut statuses = Vec::with_capacity(rows.len());
    let mut keys = LastKey::default();
    for chunk in rows.chunks(CHUNK_ROWS) {
        let points: Vec<Option<EdwardsPoint>> =
            chunk.iter().map(|row| equation(row, &mut keys)).collect();
        let computed: Vec<EdwardsPoint> = points.iter().flatten().copied().collect();
        let mut encoded = EdwardsPoint::compress_batch_alloc(&computed).into_iter();
        statuses.extend(chunk.iter().zip(&points).map(|(row, point)| {
            let reached = point.and_then(|_| encoded.next());
            let is_signed = reached.is_some_and(|r| r.as_bytes()[..] == row.signature[..32]);
            if is_signed { status::OK } else { status::SIGNATURE }
        }));
    }
    statuses
}

/// [S]B - [k]A, or None when the bytes are refused before any curve is seen.
fn equation(row: &Row, keys: &mut LastKey) -> Option<EdwardsPoint> {
    let (r, s) = row.signature.split_first_chunk::<32>()?;
    if !is_good_point(row.key) || !is_good_point(r) {
        return None;
    }
    let s: Option<Scalar> = Scalar::from_canonical_bytes(s.try_into().ok()?).into();
    let s = s?;
    let minus_a = keys.negated(row.key)?;
    let hash = Sha512::new().chain_update(r).chain_update(row.key).chain_update(row.message);
    let k = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
    Some(EdwardsPoint::vartime_double_scalar_mul_basepoint(&k, &minus_a, &s))
}

/// The key of the row before, as a point: heads of one author come in runs.
#[derive(Default)]
struct LastKey {
    key: Digest,
    minus_a: Option<EdwardsPoint>,
}

impl LastKey {
    /// -A, or None when the bytes are no point of the curve.
    fn negated(&mut self, key: &Digest) -> Option<EdwardsPoint> {
        // All zeros, the initial key, is of small order and was refused before.
        if self.key != *key {
            self.key = *key;
            self.minus_a = CompressedEdwardsY(*key).decompress().map(|a| -a);
        }
        self.minus_a
    }
}

#[cfg(test)]
#[path = "fuzz/signature.rs"]
pub mod law;

#[cfg(test)]
mod tests {
    use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};

    use super::*;

    #[test]
    fn points_of_small_order_are_refused_and_the_base_point_is_not() {
        for point in EIGHT_TORSION {
            let mut encoded = point.compress().to_bytes();
            assert!(!is_good_point(&encoded));
            encoded[31] ^= 0x80;
            assert!(!is_good_point(&encoded));
        }
        assert!(is_good_point(&ED25519_BASEPOINT_POINT.compress().to_bytes()));
    }

    #[test]
    fn y_must_be_below_p() {
        let mut encoded = [0xff; 32];
        encoded[31] = 0x7f;
        for (last, good) in [(0xed - 2, true), (0xed - 1, false), (0xed, false), (0xff, false)] {
            encoded[0] = last;
            assert_eq!(is_good_point(&encoded), good);
        }
    }

    #[test]
    fn a_signature_holds_for_its_own_message_only() {
        let (secret, nonce) = (Scalar::from(7_u64), Scalar::from(1_234_567_u64));
        let key = EdwardsPoint::mul_base(&secret).compress().to_bytes();
        let r = EdwardsPoint::mul_base(&nonce).compress().to_bytes();
        let hash = Sha512::new().chain_update(r).chain_update(key).chain_update(b"tally");
        let k = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&r);
        signature[32..].copy_from_slice((nonce + k * secret).as_bytes());
        let good = Row { key: &key, signature: &signature, message: b"tally" };
        let bad = Row { message: b"tallx", ..good };
        let rows: Vec<Row> = (0..100).map(|row| if row % 3 == 0 { bad } else { good }).collect();
        for (row, found) in verify_all(&rows).into_iter().enumerate() {
            assert_eq!(found == status::OK, row % 3 != 0);
        }
    }
}
