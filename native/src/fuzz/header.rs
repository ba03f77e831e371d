//! Headers: thirteen fields that write the same bytes; what is refused is no header.

use super::Verdict;
use crate::codec::{Nothing, Walker};
use crate::header::{Deps, decode};
use crate::status;

/// See above.
pub fn law(data: &[u8]) -> Verdict {
    match decode(data, 0) {
        Ok((header, end)) => {
            assert!(Walker::new(&data[..end], 0, false, Nothing).whole().is_ok());
            let broken = header.broken_rule(end);
            if broken != status::UINT_RANGE {
                let mut out = Vec::new();
                header.encode(&mut out);
                assert_eq!(out, &data[..end]);
            }
            assert!(broken != status::OK || header.deps.digests().len() <= 32);
            (broken, u64::from(header.log.is_none()))
        }
        Err(status) => {
            assert_ne!(status, 0);
            (status, 0)
        }
    }
}
