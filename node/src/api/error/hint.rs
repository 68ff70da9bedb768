//! What whoever was refused does next.

use praksis_protocol::{
    engine::{CommandError, ended::Over},
    personal::Data,
};

use super::{ApiError, ErrorKind, of_refusal};

impl ApiError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Misuse(_) | Self::NoSuchRoute(_) | Self::NoSuchMethod(_) => {
                "/api/v1/openapi.json describes every request"
            }
            Self::NoToken => {
                "send Authorization: Bearer with what stands in the file token of the node's folder"
            }
            Self::OtherHost => "speak to 127.0.0.1, localhost or [::1]",
            Self::TooLarge { .. } => "a record takes at most 512 KiB, a file 64 MiB: split it",
            Self::NotJson(_) => "send one JSON object, encoded as UTF-8",
            Self::HeadsMissing => "send If-Match with the ETag, the heads, of the record as you read it",
            Self::NotFound(_) => "list shows the ids of what is there",
            Self::Ambiguous { .. } => "give more characters of the id",
            Self::NoSuchMember(_) => "member list shows the members of the network",
            Self::PersonalWhy => "say it without naming anybody: everybody reads the reason",
            Self::OtherRoot => "use the key that org show names as the root",
            Self::Vouches(_) => {
                "put the new key into the charter first: praksis association amend --add-root KEY --remove-root OLD"
            }
            Self::Folder(_) => "is the folder whole, and yours alone?",
            Self::Command(error) => hint_of(error),
            Self::Offline(_) => "the node goes on trying; status shows where it stands",
            Self::JoinRefused(_) => "ask the association for a new invitation",
            Self::NotAdmitted(_) => "ask the association why; join --request ADDRESS asks again",
            Self::Ticket(_) => hint_of(&CommandError::BadTicket),
            Self::Bundle(error) => error.hint(),
            Self::Busy(_) => "try again in a while",
            Self::Search(_) => "the index is made anew when the node starts again",
        }
    }
}

fn hint_of(error: &CommandError) -> &'static str {
    match error {
        CommandError::NotFound => "list shows the ids of what is there",
        CommandError::NotOwner => "only its owner changes a record; others answer with a response",
        CommandError::HasLeft => {
            "what was written stands; to write again, ask its owner to add this organisation again"
        }
        CommandError::NotJoint => "begin a joint one with the same content: case new --with ORG",
        CommandError::OwnerFirst => "ask its owner to share it first; then every co-owner can share it again",
        CommandError::Withdrawn => {
            "it is hidden here and everywhere it is heard; a new record takes its place"
        }
        CommandError::NoSuchMember(_) | CommandError::NoSuchNumber(_) => {
            "member list shows the members of the network"
        }
        CommandError::NoSuchApplicant(_) => "member requests shows who waits",
        CommandError::NobodyToAsk => {
            "name the address of an association's node, which member requests shows there"
        }
        CommandError::NoSuchDevice(_) => "org device list shows the devices",
        CommandError::NobodyNamed => "name the organisations to share with, or share with the network",
        CommandError::TooManyAudiences => {
            "share with members who have an audience already, or with the network"
        }
        CommandError::NoStatements => "take the file as it was written, whole",
        CommandError::UnknownHeads => "read the record again, and make the change on what stands there now",
        CommandError::Invalid(_) => "each fault names its field and what is expected there",
        CommandError::NotShareable(refused) if refused.never => "it stays in the organisation",
        CommandError::NotShareable(refused) if of_refusal(refused) == ErrorKind::Embargoed => {
            "share it on that day, or change embargo_until"
        }
        CommandError::NotShareable(refused) if of_refusal(refused) == ErrorKind::PersonalData => {
            if refused.found.iter().any(|found| found.data == Data::NationalId) {
                "take the national identity numbers out of the text; they are never shared"
            } else {
                "take them out of the text, or share with allow_found what is meant to be there"
            }
        }
        CommandError::NotShareable(_) => "fill in the fields that are missing, and share again",
        CommandError::Unwritable(_) => "a node of a newer version can change it",
        CommandError::NothingToSettle => {
            "show lists the conflicts with their fields and values, counted from 1"
        }
        CommandError::TooLarge => "a record takes at most 512 KiB: shorten its texts",
        CommandError::NoNetwork => "join a network first: praksis join INVITATION",
        CommandError::Ended(Over::Device) => {
            "whoever keeps the root key can let it in again: praksis org device add REQUEST"
        }
        CommandError::Ended(Over::Membership) => "ask the association; to come back: praksis join --request",
        CommandError::InNetwork => "a folder belongs to one network; another needs a folder of its own",
        CommandError::NoRoot => "do it on the node that holds the organisation's root key",
        CommandError::NotForUs => "ask for one made for this organisation and device",
        CommandError::Taken => "member list shows who has it",
        CommandError::Expired => "ask for a new one",
        CommandError::BadTicket => "copy it whole, from the first character to the last",
        CommandError::NotGranted => "have it granted where the root key is: praksis org device add REQUEST",
        CommandError::Store(_) => {
            "look at the node's log and the disk; nothing that was acknowledged is lost"
        }
    }
}
