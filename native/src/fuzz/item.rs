//! Items: what is read is what would be written, byte for byte, and checking says the same.

use super::Verdict;
use crate::codec::{Build, Fault, LINK_HEAD, NULL, Nothing, Walker, major, put_head};
use crate::columns::Digest;

/// Writes every item it reads.
struct Echo;

fn written(kind: u8, argument: u64, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    put_head(&mut out, kind, argument);
    out.extend_from_slice(body);
    out
}

impl Build for Echo {
    type Value = Vec<u8>;
    type List = (u64, Vec<u8>);
    type Map = (u64, Vec<u8>);
    type Error = Fault;

    fn null(&mut self) -> Vec<u8> {
        vec![NULL]
    }
    fn bool(&mut self, value: bool) -> Vec<u8> {
        vec![if value { 0xf5 } else { 0xf4 }]
    }
    fn int(&mut self, value: i64) -> Vec<u8> {
        let kind = if value < 0 { major::NEGATIVE } else { major::UINT };
        written(kind, if value < 0 { !value } else { value }.cast_unsigned(), b"")
    }
    fn float(&mut self, value: f64) -> Vec<u8> {
        [&[0xfb], &value.to_be_bytes()[..]].concat()
    }
    fn bytes(&mut self, value: &[u8]) -> Vec<u8> {
        written(major::BYTES, value.len() as u64, value)
    }
    fn text(&mut self, value: &str) -> Vec<u8> {
        written(major::TEXT, value.len() as u64, value.as_bytes())
    }
    fn link(&mut self, digest: &Digest) -> Result<Vec<u8>, Fault> {
        Ok([&LINK_HEAD[..], digest].concat())
    }
    fn list(&mut self) -> (u64, Vec<u8>) {
        (0, Vec::new())
    }
    fn push(&mut self, list: &mut (u64, Vec<u8>), entry: Vec<u8>) {
        list.0 += 1;
        list.1.extend(entry);
    }
    fn end_list(&mut self, (count, body): (u64, Vec<u8>)) -> Result<Vec<u8>, Fault> {
        Ok(written(major::LIST, count, &body))
    }
    fn map(&mut self) -> (u64, Vec<u8>) {
        (0, Vec::new())
    }
    fn put(&mut self, map: &mut (u64, Vec<u8>), key: &str, entry: Vec<u8>) -> Result<(), Fault> {
        map.0 += 1;
        map.1.extend(self.text(key));
        map.1.extend(entry);
        Ok(())
    }
    fn end_map(&mut self, (count, body): (u64, Vec<u8>)) -> Vec<u8> {
        written(major::MAP, count, &body)
    }
}

/// See above; with floats and without.
pub fn law(data: &[u8]) -> Verdict {
    let mut verdict = (0, 0);
    for floats in [true, false] {
        let read = Walker::new(data, 0, floats, Echo).whole();
        let checked = Walker::new(data, 0, floats, Nothing).whole();
        assert_eq!(read.as_ref().err(), checked.as_ref().err());
        match read {
            Ok(echo) => assert_eq!(echo, data),
            Err(fault) => {
                assert!(fault.at <= data.len());
                assert_ne!(fault.status, 0);
                verdict = (fault.status, 0);
            }
        }
    }
    (verdict.0, u64::from(data.first().copied().unwrap_or(0) >> 5))
}
