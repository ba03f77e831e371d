-- One SQLite file, many logs. Read from top to bottom: names, chains, events, what finds them,
-- what waits, what was judged, what the peers had.
--
-- Rows of `event` are complete and valid events only: header, head, frame and all parents are
-- here. The row number is the order of arrival, and topological: parents before children.
-- Header bytes are not kept; they are rebuilt exactly from these columns (read.py).

PRAGMA application_id = 1413565529;              -- "TALY"
PRAGMA user_version = 2;                         -- format of this file

CREATE TABLE meta (                              -- facts about the file itself
  name TEXT PRIMARY KEY,
  value,
  crc INTEGER NOT NULL                           -- of the row's other columns; see crc.py
) WITHOUT ROWID;

-- Names: written once, referred to by number --------------------------------------------------

CREATE TABLE log (
  no INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,                       -- id of the genesis event, 32 bytes
  name TEXT NOT NULL,
  purpose TEXT NOT NULL,
  crc INTEGER NOT NULL
);
CREATE TABLE author (no INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE);      -- 32-byte key
CREATE TABLE kind (no INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);        -- record/edit ...
CREATE TABLE schema_ref (no INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE);  -- 32-byte digest
CREATE TABLE code (no INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);        -- void/frame ...
CREATE TABLE source (no INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE);      -- peer keys; b'' = us

-- Chains -------------------------------------------------------------------------------------

CREATE TABLE line (                              -- a chain, or one side of it after a split
  no INTEGER PRIMARY KEY,
  log INTEGER NOT NULL,
  author INTEGER NOT NULL,
  side BLOB NOT NULL,                            -- empty, or the first id after the last split
  base INTEGER,                                  -- the line that holds the seqs before first_seq
  first_seq INTEGER NOT NULL,
  size INTEGER NOT NULL,                         -- events stored and proven, base included
  last_id BLOB NOT NULL,                         -- id at size - 1
  lamport INTEGER NOT NULL,                      -- of the event at size - 1; -1 when there is none
  peaks BLOB NOT NULL,                           -- compact range of the Merkle tree at size
  head_size INTEGER NOT NULL,                    -- the newest head: size, root, signature, and
  head_root BLOB NOT NULL,                       -- the subtree hashes that lead from our size
  head_signature BLOB NOT NULL,                  -- to the head's (empty when they are equal)
  head_proof BLOB NOT NULL,
  received_ms INTEGER NOT NULL,                  -- when the head came
  run_seq INTEGER NOT NULL,                      -- the newest run: seqs run_seq..size-1 are rows
  run_row INTEGER NOT NULL,                      -- run_row..., 0 while there is no own event
  UNIQUE (log, author, side)
);
CREATE TABLE run (                               -- seqs seq..seq+count-1 are rows row..row+count-1,
  line INTEGER NOT NULL,                         -- all runs of a line but the newest
  seq INTEGER NOT NULL,
  row INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (line, seq)
) WITHOUT ROWID;
CREATE TABLE merkle (                            -- nodes of levels 8, 16, 24 of each chain's tree
  line INTEGER NOT NULL,
  level INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (line, level, idx)
) WITHOUT ROWID;

-- Events -------------------------------------------------------------------------------------

CREATE TABLE event (
  row INTEGER PRIMARY KEY,
  line INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  id BLOB NOT NULL,
  lamport INTEGER NOT NULL,
  time INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  schema INTEGER,
  deps BLOB,                                     -- varints: row - dep's row, in header order
  void INTEGER,                                  -- code number
  absent INTEGER,                                -- bytes of a content that is not here
  erased INTEGER,                                -- 1: content destroyed by an accepted statement
  seal BLOB NOT NULL,                            -- seed (16), or salt_f and C (48) without content
  frame BLOB NOT NULL,
  content BLOB
);
CREATE INDEX event_void ON event (line, row) WHERE void IS NOT NULL;   -- few, asked for by line
CREATE INDEX event_absent ON event (line, row) WHERE absent IS NOT NULL;
CREATE TABLE id_run (                            -- sorted (id prefix, row) pairs of rows..last_row
  no INTEGER PRIMARY KEY,
  level INTEGER NOT NULL,
  count INTEGER NOT NULL,
  pages INTEGER NOT NULL,
  first_row INTEGER NOT NULL,
  last_row INTEGER NOT NULL,
  state INTEGER NOT NULL,                        -- 0 answers, 1 being merged into, 2 to be dropped
  done INTEGER NOT NULL                          -- pages written (1) or dropped (2) so far
);
CREATE TABLE id_page (                           -- no = run * 2^24 + page
  no INTEGER PRIMARY KEY,
  pairs BLOB NOT NULL                            -- 12 bytes each: prefix (8), row (4), big-endian
);
CREATE TABLE arrival (                           -- when, from whom: rows up to the next entry's
  row INTEGER PRIMARY KEY,
  received_ms INTEGER NOT NULL,
  source INTEGER NOT NULL,
  crc INTEGER NOT NULL
);
CREATE TABLE pending (                           -- right so far, but a parent is not here
  no INTEGER PRIMARY KEY,
  log INTEGER NOT NULL,
  author BLOB NOT NULL,
  seq INTEGER NOT NULL,
  count INTEGER NOT NULL,
  slice BLOB NOT NULL,                           -- as it came, encoded
  bytes INTEGER NOT NULL,
  waits_for BLOB NOT NULL,                       -- id of one missing event, 32 bytes
  source INTEGER NOT NULL,
  received_ms INTEGER NOT NULL,
  crc INTEGER NOT NULL
);
CREATE INDEX pending_waits ON pending (log, waits_for);
CREATE INDEX pending_chain ON pending (log, author, seq);
CREATE INDEX pending_source ON pending (source, no, count, bytes);
CREATE TABLE equivocation (                      -- proven: two events at one seq
  log INTEGER NOT NULL,
  author BLOB NOT NULL,
  seq INTEGER NOT NULL,
  id_a BLOB NOT NULL,
  id_b BLOB NOT NULL,
  frame BLOB NOT NULL,
  crc INTEGER NOT NULL,
  PRIMARY KEY (log, author, seq, id_a, id_b)
);

-- What counts, and who says so ---------------------------------------------------------------

CREATE TABLE feed (                              -- gap-free changes: next pos = pos + count
  log INTEGER NOT NULL,
  pos INTEGER NOT NULL,
  count INTEGER NOT NULL,                        -- changes in this entry
  row INTEGER NOT NULL,                          -- first row; the only range when ranges is null
  ranges BLOB,                                   -- u32 pairs (row, count), little-endian
  weight INTEGER NOT NULL,                       -- +1 or -1
  cause TEXT NOT NULL,
  crc INTEGER NOT NULL,
  PRIMARY KEY (log, pos)
) WITHOUT ROWID;
CREATE TABLE head (                              -- events that count and that no other such names
  log INTEGER NOT NULL,
  row INTEGER NOT NULL,
  crc INTEGER NOT NULL,
  PRIMARY KEY (log, row)
) WITHOUT ROWID;
CREATE TABLE statement (                         -- trust events, decoded
  log INTEGER NOT NULL,
  row INTEGER NOT NULL,
  id BLOB NOT NULL,
  voter BLOB NOT NULL,                           -- author key
  seq INTEGER NOT NULL,
  lamport INTEGER NOT NULL,
  verb TEXT NOT NULL,
  target BLOB NOT NULL,
  detail BLOB NOT NULL,
  crc INTEGER NOT NULL,
  PRIMARY KEY (log, row)
) WITHOUT ROWID;
CREATE TABLE ground (                            -- rows row..row+count-1 stand on on_row's event
  on_row INTEGER NOT NULL,
  row INTEGER NOT NULL,
  count INTEGER NOT NULL,
  crc INTEGER NOT NULL,
  PRIMARY KEY (on_row, row)
) WITHOUT ROWID;
CREATE TABLE private_statement (                 -- of this replica's owner, never sent
  log INTEGER NOT NULL,
  no INTEGER NOT NULL,
  kind TEXT NOT NULL,
  frame BLOB NOT NULL,
  reason TEXT NOT NULL,
  crc INTEGER NOT NULL,
  PRIMARY KEY (log, no)
);
CREATE TABLE policy (
  log INTEGER PRIMARY KEY,
  document BLOB NOT NULL,
  crc INTEGER NOT NULL
);
CREATE TABLE policy_history (                    -- what was the policy when the feed was at pos
  log INTEGER NOT NULL,
  no INTEGER NOT NULL,
  pos INTEGER NOT NULL,
  since INTEGER NOT NULL,                        -- where the feed was before what this flipped
  changed_ms INTEGER NOT NULL,
  document BLOB NOT NULL,
  crc INTEGER NOT NULL,
  PRIMARY KEY (log, no)
);
CREATE TABLE petname (
  name TEXT PRIMARY KEY,
  author BLOB NOT NULL,
  crc INTEGER NOT NULL
);
CREATE TABLE peer (                              -- what a peer acknowledged last
  key BLOB NOT NULL,
  log INTEGER NOT NULL,
  checkpoint BLOB NOT NULL,
  vector BLOB NOT NULL,
  crc INTEGER NOT NULL,
  PRIMARY KEY (key, log)
);
CREATE TABLE view (                              -- one row per view; its own tables are state's
  log INTEGER NOT NULL,
  name TEXT NOT NULL,
  definition BLOB NOT NULL,
  policy BLOB NOT NULL,                          -- hash of the policy it is under
  pos INTEGER NOT NULL,                          -- changes taken in
  crc INTEGER NOT NULL,
  PRIMARY KEY (log, name)
);
CREATE TABLE kept (                              -- small values other rooms keep beside the log
  log INTEGER NOT NULL,
  name TEXT NOT NULL,
  value BLOB NOT NULL,
  crc INTEGER NOT NULL,
  PRIMARY KEY (log, name)
);
