//! Frames of edits: authors and ops that write the same bytes; what opens is a canonical item.

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::{OWN, Stop, open};
use crate::codec::{LINK_HEAD, Nothing, Walker, major, put_head};
use crate::fuzz::Verdict;
use crate::status;

type Author = (Vec<u8>, Option<Vec<u8>>);
type Op = (i64, Vec<String>, Vec<(i64, i64, i64)>, Vec<i64>);

fn int(out: &mut Vec<u8>, value: i64) {
    let kind = if value < 0 { major::NEGATIVE } else { major::UINT };
    put_head(out, kind, if value < 0 { !value } else { value }.cast_unsigned());
}

fn bytes(out: &mut Vec<u8>, kind: u8, value: &[u8]) {
    put_head(out, kind, value.len() as u64);
    out.extend_from_slice(value);
}

fn written(authors: &[Author], ops: &[Op]) -> Vec<u8> {
    let mut out = vec![0x82];
    put_head(&mut out, major::LIST, authors.len() as u64);
    for (key, side) in authors {
        if side.is_some() {
            out.push(0x82);
        }
        bytes(&mut out, major::BYTES, key);
        if let Some(side) = side {
            out.extend_from_slice(&LINK_HEAD);
            out.extend_from_slice(side);
        }
    }
    put_head(&mut out, major::LIST, ops.len() as u64);
    for (verb, place, over, numbers) in ops {
        put_head(&mut out, major::LIST, 3 + numbers.len() as u64);
        int(&mut out, *verb);
        put_head(&mut out, major::LIST, place.len() as u64);
        for segment in place {
            bytes(&mut out, major::TEXT, segment.as_bytes());
        }
        put_head(&mut out, major::LIST, over.len() as u64);
        for &(author, seq, at) in over {
            let parts = if author == OWN { vec![at] } else { vec![author, seq, at] };
            put_head(&mut out, major::LIST, parts.len() as u64);
            for part in parts {
                int(&mut out, part);
            }
        }
        for &number in numbers {
            int(&mut out, number);
        }
    }
    out
}

/// See above.
pub fn law(data: &[u8]) -> Verdict {
    Python::initialize();
    Python::attach(|py| match open(py, data) {
        Ok(found) => {
            let parts: Bound<PyTuple> = found;
            let (authors, ops): (Vec<Author>, Vec<Op>) = parts.extract().expect("lists of tuples");
            assert_eq!(written(&authors, &ops), data);
            assert!(Walker::new(data, 0, false, Nothing).whole().is_ok());
            (0, (authors.len().min(3) * 4 + ops.len().min(3)) as u64)
        }
        Err(Stop::Shape) => {
            let item = Walker::new(data, 0, false, Nothing).whole();
            (status::FRAME, u64::from(item.map_or_else(|fault| fault.status, |()| 0)))
        }
        Err(Stop::Python(error)) => panic!("{error}"),
    })
}
