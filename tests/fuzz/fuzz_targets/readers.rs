//! Everything that reads bytes from outside, under any bytes: no panic, and what is read is what
//! would be written.

#![no_main]

use libfuzzer_sys::fuzz_target;
use praksis_protocol::{
    admission::state::Row,
    genesis::Genesis,
    id::BASE32,
    membership::{
        charter::Charter,
        joining::{JoinReply, JoinRequest, Ticket},
        statement::Known,
    },
    signed::encoding::to_vec,
    wire::message::{Request, Response},
};

fuzz_target!(|bytes: &[u8]| {
    let same = |written: Option<Vec<u8>>| {
        if let Some(written) = written {
            assert_eq!(written, bytes);
        }
    };
    same(Request::read(bytes).ok().map(|it| it.bytes()));
    same(Response::read(bytes).ok().map(|it| it.bytes()));
    same(JoinRequest::read(bytes).map(|it| it.bytes()));
    same(JoinReply::read(bytes).map(|it| it.bytes()));
    same(Known::read(bytes).ok().map(|it| it.statement.bytes().to_vec()));
    same(Genesis::read(bytes).ok().map(|it| it.bytes()));
    same(Charter::read(bytes).ok().map(|it| it.bytes()));
    // Rows are our own, so any spelling will do.
    if let Ok(row) = minicbor::decode::<Row>(bytes) {
        assert_eq!(minicbor::decode::<Row>(&to_vec(&row)).expect("reads back"), row);
    }
    same(Ticket::from_text(&BASE32.encode(bytes)).ok().map(|it| {
        BASE32.decode(it.to_text().as_bytes()).expect("we wrote it")
    }));
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Ticket::from_text(text);
    }
});
