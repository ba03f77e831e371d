//! Packs: an author's key (32) and bytes. Every byte up to the stop belongs to one piece of one
//! event, and opening again under the log that was found gives the same.

use super::{Opened, PART_SKELETON, status};
use crate::fuzz::Verdict;
use crate::fuzz::mutate::Event;
use crate::header::decode;

type Stopped = Option<(usize, u8, usize)>;

fn open(input: &[u8], log: Option<[u8; 32]>) -> (Opened<'_>, Stopped) {
    let (author, data) = input.split_at(input.len().min(32));
    let mut key = [0; 32];
    key[..author.len()].copy_from_slice(author);
    let mut opened = Opened::new(data, log, key);
    let stopped = opened.take_all();
    (opened, stopped)
}

/// The events of an input, as pieces that can be changed.
pub fn events(input: &[u8]) -> Vec<Event> {
    let (opened, stopped) = open(input, None);
    let data = opened.data;
    let at = |column: &[u32], row: usize| column[row] as usize;
    let count = opened.ids.len();
    let stop = stopped.map_or(data.len(), |(_, _, stop)| stop);
    (0..count)
        .map(|row| {
            let begin = at(&opened.header_start, row);
            let (frame, seal) = (at(&opened.frame_start, row), at(&opened.seal_start, row));
            let content = at(&opened.content_start, row);
            let end = if row + 1 < count { at(&opened.header_start, row + 1) - 1 } else { stop };
            Event {
                part: data[begin - 1],
                header: data[begin..begin + at(&opened.header_size, row)].to_vec(),
                frame: data[frame..seal].to_vec(),
                seal: data[seal..content].to_vec(),
                content: data[content..end].to_vec(),
            }
        })
        .collect()
}

/// See above.
pub fn law(input: &[u8]) -> Verdict {
    let (opened, stopped) = open(input, None);
    let stop = stopped.map_or(opened.data.len(), |(_, _, stop)| stop);
    let mut pieces = Vec::new();
    for event in events(input) {
        let (header, end) = decode(&event.header, 0).expect("it was read before");
        assert_eq!(end, event.header.len());
        assert_eq!(header.broken_rule(end), status::OK);
        pieces.push(event.part);
        for piece in [event.header, event.frame, event.seal, event.content] {
            pieces.extend(piece);
        }
    }
    assert_eq!(pieces, &opened.data[..stop]);
    let count = opened.ids.len();
    assert_eq!(opened.dep_offsets.len(), count + 1);
    assert_eq!(opened.deps.len(), *opened.dep_offsets.last().expect("count + 1") as usize);
    for row in 0..count {
        assert!(opened.body_status[row] == status::OK || opened.part[row] < PART_SKELETON);
    }
    if count > 0 {
        assert!(opened.log.is_some());
        let (again, as_before) = open(input, opened.log);
        assert_eq!(as_before, stopped);
        assert_eq!(again.ids, opened.ids);
        let (other, refused) = open(input, Some([1; 32]));
        assert!(other.ids.is_empty());
        assert!(refused.is_some());
    }
    let detail =
        count.min(3) as u64 * 8 + u64::from(opened.part.iter().max().copied().unwrap_or(0));
    (stopped.map_or(0, |(_, why, _)| why), detail)
}
