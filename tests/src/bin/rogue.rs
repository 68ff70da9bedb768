//! A peer that means no good, as a process of its own.
//!
//! `rogue lies DIR` prints the name of each lie with the name that it is refused under.
//! `rogue tell DIR NUMBER DEVICE ADDRESS` connects as the member in that folder and tells one of them;
//! it prints `told` when the lie has gone out, and stays until standard input ends.
//! `rogue guest DEVICE ADDRESS INVITATION..` tries to get in as somebody whom nobody knows, and prints
//! what came of each attempt.

use std::{error::Error, path::Path};

use ed25519_dalek::SigningKey;
use libp2p::request_response::OutboundFailure;
use praksis_node::{
    folder::Folder,
    net::{JOIN_PROTOCOL, SYNC_PROTOCOL},
};
use praksis_protocol::{
    engine::setup,
    genesis::Scope,
    id::{DeviceId, NetworkId, OrgId, StatementHash},
    membership::{
        joining::{Application, Invitation, JoinReply, JoinRequest},
        statement::{Chain, DeviceGrant, Kind, MembershipGrant, Role},
        ticket::Ticket,
    },
    signed::Verified,
    wire::message::{Request, Want},
};
use praksis_tests::rogue::{Mouth, Outcome, Raw, Rogue, Told, lies};
use tokio::sync::watch;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The organisation number under which the guest would like to be known.
const NUMBER: &str = "310000078";

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["lies", dir] => lies(Path::new(dir)).iter().for_each(|lie| println!("{}\t{}", lie.name, lie.reason)),
        ["tell", dir, number, device, address] => {
            tell(Path::new(dir), number.parse()?, device.parse()?, address).await?;
        }
        ["guest", device, address, ref invitations @ ..] => {
            guest(device.parse()?, address, invitations).await?;
        }
        _ => return Err("usage: rogue lies|tell|guest ..".into()),
    }
    Ok(())
}

async fn tell(dir: &Path, number: usize, device: DeviceId, address: &str) -> Result<()> {
    let lie = lies(dir).swap_remove(number);
    let key = Folder::open(dir)?.keys()?.device;
    let (rogue, mouth) = Rogue::dial(&key, SYNC_PROTOCOL, device, address)?;
    let (told, mut telling) = watch::channel(false);
    let opening = lie.opening.clone();
    let greeted = watch::Sender::new(false);
    let mut greeting = greeted.subscribe();
    let is_question = lie.is_question;
    let lied = told.clone();
    tokio::spawn(rogue.run(move |question| {
        // Who says hello takes us for a member.
        greeted.send_replace(true);
        match lie.answer(&question) {
            Told::Truth(raw) => raw,
            Told::Lie(raw) => {
                lied.send_replace(true);
                raw
            }
        }
    }));
    greeting.wait_for(|greeted| *greeted).await?;
    let outcome = mouth.say(opening).await;
    eprintln!("the opening: {}", outcome.map_or_else(|error| error.to_string(), |_| "answered".to_owned()));
    if !is_question {
        telling.wait_for(|told| *told).await?;
    }
    println!("told");
    tokio::task::spawn_blocking(|| std::io::read_to_string(std::io::stdin())).await??;
    Ok(())
}

/// A key that nobody knows, and what it would say.
struct Guest {
    device: SigningKey,
    root: SigningKey,
    node: DeviceId,
    address: String,
}

async fn guest(node: DeviceId, address: &str, invitations: &[&str]) -> Result<()> {
    let guest = Guest {
        device: SigningKey::from_bytes(&[21; 32]),
        root: SigningKey::from_bytes(&[22; 32]),
        node,
        address: address.to_owned(),
    };
    let pull = Request::Pull(
        Scope::Network,
        vec![Want { document: praksis_protocol::id::DocumentId([1; 32]), have: vec![] }],
    );
    for protocol in [SYNC_PROTOCOL, "/ipfs/id/1.0.0", "/ipfs/id/push/1.0.0", "/ipfs/ping/1.0.0"] {
        let mouth = guest.mouth(protocol)?;
        println!("{protocol}\t{}", word(&mouth.say(Raw::message(&pull.bytes())).await));
    }
    let mouth = guest.mouth(JOIN_PROTOCOL)?;
    println!("garbage\t{}", word(&mouth.say(Raw::message(b"let me in")).await));
    println!("a sync message\t{}", word(&mouth.say(Raw::message(&pull.bytes())).await));
    println!("half a message\t{}", word(&mouth.say(Raw::message(b"let me in").cut(7)).await));
    let zeros = zstd::bulk::compress(&vec![0; 64 << 20], 3)?;
    println!("a bomb of zeros\t{}", word(&mouth.say(Raw::framed(1, &zeros)).await));
    println!("its own word\t{}", word(&mouth.say(guest.introduction()).await));
    for text in invitations {
        let Ticket::Invitation(invitation) = Ticket::from_text(text)? else {
            return Err("no invitation".into());
        };
        println!("an invitation\t{}", word(&mouth.say(guest.application(&invitation)).await));
    }
    if let Some(text) = invitations.first() {
        let Ticket::Invitation(invitation) = Ticket::from_text(text)? else {
            return Err("no invitation".into());
        };
        println!(
            "a forged invitation\t{}",
            word(&mouth.say(guest.application(&guest.forged(&invitation))).await)
        );
    }
    Ok(())
}

impl Guest {
    fn mouth(&self, protocol: &'static str) -> Result<Mouth> {
        let (rogue, mouth) = Rogue::dial(&self.device, protocol, self.node, &self.address)?;
        tokio::spawn(rogue.run(|_| Raw::message(b"")));
        Ok(mouth)
    }

    fn org(&self) -> OrgId {
        OrgId(self.root.verifying_key().to_bytes())
    }

    fn grant(&self, chain: &mut Chain, number: &str) -> Vec<u8> {
        let acceptance = setup::acceptance(&self.device, number);
        let grant = DeviceGrant {
            org: self.org(),
            device: acceptance.device,
            slot: 1,
            acceptance: acceptance.bytes().to_vec().into(),
            follows: None,
        };
        chain.issue(&self.root, NetworkId::NONE, Kind::DeviceGrant, &grant).bytes().to_vec()
    }

    /// It vouches for itself.
    fn introduction(&self) -> Raw {
        let mut chain = Chain::default();
        let grant = self.grant(&mut chain, NUMBER);
        let membership = MembershipGrant {
            number: NUMBER.to_owned(),
            name: "Gjest".to_owned(),
            org: self.org(),
            role: Role::Member,
            from_s: 0,
            until_s: None,
            invitation: None,
            follows: None,
        };
        let membership = chain.issue(&self.root, NetworkId([1; 32]), Kind::MembershipGrant, &membership);
        let statements = vec![grant.into(), membership.bytes().to_vec().into()];
        Raw::message(&JoinRequest::Introduce(statements).bytes())
    }

    /// It uses an invitation, whoever it was for.
    fn application(&self, invitation: &Verified<Invitation>) -> Raw {
        let key = invitation.key();
        let application = Application {
            version: 1,
            invitation: Some(StatementHash(invitation.hash())),
            one_time: OrgId(key.verifying_key().to_bytes()),
            org: self.org(),
            name: "Gjest".to_owned(),
            device_grant: self.grant(&mut Chain::default(), &invitation.number).into(),
            card: None,
        };
        let application = Verified::sign(application, &key);
        Raw::message(&JoinRequest::Apply(application.bytes().to_vec().into()).bytes())
    }

    /// The same as an invitation that was seen, but for who signs it.
    fn forged(&self, seen: &Verified<Invitation>) -> Verified<Invitation> {
        let invitation =
            Invitation { issuer: self.org(), number: NUMBER.to_owned(), ..Invitation::clone(seen) };
        Verified::sign(invitation, &self.root)
    }
}

/// What came of an attempt.
fn word(outcome: &Outcome) -> String {
    match outcome {
        Err(OutboundFailure::UnsupportedProtocols) => "not offered".to_owned(),
        Err(error) => error.to_string(),
        Ok(raw) => match raw.payload().and_then(|payload| JoinReply::read(&payload)) {
            Some(JoinReply::Refused(refusal)) => refusal.name().to_owned(),
            Some(JoinReply::Welcome(_)) => "welcome".to_owned(),
            Some(JoinReply::Ended(_)) => "ended".to_owned(),
            Some(JoinReply::Waiting) => "waiting".to_owned(),
            Some(JoinReply::Admitted(_)) => "admitted".to_owned(),
            Some(JoinReply::Declined(_)) => "declined".to_owned(),
            None => format!("{} bytes", raw.bytes.len()),
        },
    }
}
