//! Whatever is said, by whom, in which order and how often: the same roster; and what is taken away stays away.

use praksis_protocol::{
    envelope::standing,
    genesis::{Genesis, Kind as DocumentKind, Scope},
    id::{EnvelopeHash, StatementHash},
    membership::{
        charter::{Charter, Parameters},
        roster::Roster,
        statement::{
            AudienceAdd, AudienceEnd, AudienceOpen, Chain, CharterAmendment, CoOwnerEnd, CoOwnerGrant, Cut,
            End, Kind, Known, MembershipGrant, OrganisationSuccession, Removed, RootSuccession, Said,
            Withdrawal, audience_id,
        },
    },
};
use proptest::{prelude::*, sample::Index};

use crate::{
    cast::*,
    scribe::{World, written},
};

/// One thing that somebody says; what the numbers mean depends on what was said before.
#[derive(Debug, Clone, Copy)]
struct Step {
    what: u8,
    by: u8,
    about: u8,
    other: u8,
    earlier: u8,
    /// Whether it is said under numbers that have been used.
    forks: bool,
}

fn step() -> impl Strategy<Value = Step> {
    (0..16u8, 0..6u8, 0..6u8, any::<u8>(), any::<u8>(), prop::bool::weighted(0.2))
        .prop_map(|(what, by, about, other, earlier, forks)| Step { what, by, about, other, earlier, forks })
}

/// Roots and devices that say something.
const ROOTS: [u8; 6] = [KS, BERGEN, BAERUM, 4, 5, 9];
const DEVICES: [u8; 6] = [20, 21, 30, 31, 40, 50];

fn founded() -> Charter {
    let mut roots = vec![org(KS), org(5)];
    roots.sort();
    Charter { roots, quorum: 2, recovery: vec![org(9)], ..charter() }
}

fn document(of: u8) -> Genesis {
    let draft = Genesis::draft(DocumentKind::Case, org(of), [1; 32]);
    Genesis::shared(&draft, founded().network(), Scope::Network)
}

/// Says what a step means, if it means anything.
#[expect(clippy::too_many_lines, reason = "one arm for each kind")]
fn take(world: &mut World, step: Step) {
    let (root, about) = (ROOTS[usize::from(step.by)], ROOTS[usize::from(step.about)]);
    let (speaker, device_of) = (DEVICES[usize::from(step.by)], DEVICES[usize::from(step.about)]);
    let earlier = |world: &World| -> StatementHash {
        let at = usize::from(step.earlier) % world.said.len().max(1);
        world.said.get(at).map_or(StatementHash([7; 32]), |known| known.hash)
    };
    let said = |world: &World| -> Option<Said> {
        world.said.get(usize::from(step.other) % world.said.len().max(1)).map(Known::said)
    };
    let hash = earlier(world);
    let follows = (step.other.is_multiple_of(2)).then_some(hash);
    let owner = [BERGEN, BAERUM][usize::from(step.other % 2)];
    let named = Scope::Named(audience_id(org(owner), [1; 32]));
    let scope = [Scope::Network, named][usize::from(step.earlier % 2)];
    if step.forks {
        for (issuer, scope) in [(root, None), (speaker, Some(scope)), (root, Some(scope))] {
            world.set_chain(issuer, Chain { last: None, scope, ..Chain::default() });
        }
    }
    let network = document(owner).document();
    match step.what {
        0 => {
            let body = MembershipGrant { follows, ..membership_body(about, about) };
            world.root_says(root, Kind::MembershipGrant, &body);
        }
        1 => {
            let body = device_body(about, device_of, 1 + step.other % 3, about);
            let body = praksis_protocol::membership::statement::DeviceGrant { follows, ..body };
            world.root_says(root, Kind::DeviceGrant, &body);
        }
        2 => drop(world.root_says(root, Kind::MembershipEnd, &End::of(hash))),
        3 => drop(world.root_says(root, Kind::DeviceEnd, &End::of(hash))),
        4 | 5 => {
            let envelopes = (0..step.other % 5).map(|n| EnvelopeHash([step.other ^ n; 32])).collect();
            let cut = Cut { end: hash, device: device(device_of), envelopes, said: said(world), pages: 1 };
            if step.what == 4 {
                world.root_says_in(root, Scope::Network, Kind::Cut, &cut);
            } else {
                world.device_says(speaker, scope, Kind::Cut, &cut);
            }
        }
        6 => {
            let new = ROOTS[usize::from(step.other % 6)];
            if new == root || new == about {
                return;
            }
            let body = RootSuccession {
                org: org(about),
                old: org(if step.other.is_multiple_of(2) { about } else { root }),
                new: org(new),
                last: said(world),
                last_network: None,
                last_organisation: None,
            };
            if body.old != body.new {
                world.root_says(root, Kind::RootSuccession, &body);
            }
        }
        7 => {
            if root != about {
                let heir = org(ROOTS[usize::from(step.other % 6)]);
                if heir != org(about) {
                    let body = OrganisationSuccession { predecessor: org(about), heir };
                    world.root_says(root, Kind::OrganisationSuccession, &body);
                }
            }
        }
        8 => {
            let mut roots = if step.other.is_multiple_of(2) { vec![org(KS)] } else { vec![org(KS), org(4)] };
            roots.sort();
            let quorum = u8::try_from(roots.len() / 2 + 1).unwrap();
            let roster = world.roster();
            let gone = roster.roots().filter(|root| !roots.contains(root));
            let removed = gone.map(|root| Removed { root, last: said(world), last_network: None }).collect();
            let previous = roster.newest_amendment().unwrap();
            let recovery = vec![org(9)];
            let parameters = Parameters { purge_delay_s: u64::from(step.earlier), ..Parameters::default() };
            let body = CharterAmendment { previous, roots, quorum, recovery, parameters, removed };
            for by in [KS, root, 9] {
                world.root_says(by, Kind::CharterAmendment, &body);
            }
        }
        9 => {
            let name = format!("Krets {}", step.earlier);
            let body = AudienceOpen { owner: org(owner), nonce: [1; 32], name };
            world.device_says(speaker, named, Kind::AudienceOpen, &body);
        }
        10 => {
            let body = AudienceAdd { org: org(about), follows };
            world.device_says(speaker, named, Kind::AudienceAdd, &body);
        }
        11 => drop(world.device_says(speaker, named, Kind::AudienceEnd, &AudienceEnd { add: hash })),
        12 => {
            let body = CoOwnerGrant { document: network, org: org(about), follows };
            world.device_says(speaker, Scope::Network, Kind::CoOwnerGrant, &body);
        }
        13 => {
            let body = CoOwnerEnd { document: network, org: org(about), grant: follows };
            world.device_says(speaker, Scope::Network, Kind::CoOwnerEnd, &body);
        }
        _ => {
            let body = Withdrawal { document: network, why: format!("{}", step.earlier) };
            world.device_says(speaker, Scope::Network, Kind::Withdrawal, &body);
        }
    }
}

/// Members that begin honestly, and then anything.
pub(crate) fn world() -> impl Strategy<Value = World> {
    prop::collection::vec(step(), 0..40).prop_map(|steps| {
        let mut world = World::under(founded(), &[BERGEN, BAERUM]);
        world.device(BERGEN, 21, 2, None);
        for step in steps {
            // A device without a standing cannot say what needs one.
            let device_says = matches!(step.what, 5 | 9..);
            let speaker = device(DEVICES[usize::from(step.by)]);
            if !device_says || world.roster().standing(speaker, Scope::Network).is_some() {
                take(&mut world, step);
            }
        }
        world
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_order_and_any_repetition_folds_to_the_same_roster(
        world in world(),
        shuffle in prop::collection::vec(any::<Index>(), 64),
        again in prop::collection::vec(any::<Index>(), 0..16),
    ) {
        let expected = world.roster();
        let mut others = world.said.clone();
        others.extend(again.iter().map(|index| index.get(&world.said).clone()));
        for (n, index) in shuffle.iter().enumerate().take(others.len()) {
            let other = index.index(others.len());
            others.swap(n, other);
        }
        let roster = Roster::fold(Some(&world.charter), &others);
        prop_assert_eq!(&roster, &expected);
        let genesis = document(BERGEN);
        prop_assert_eq!(roster.writers(&genesis), expected.writers(&genesis));
        prop_assert_eq!(roster.withdrawn(&genesis), expected.withdrawn(&genesis));
    }

    #[test]
    fn what_an_end_took_never_comes_back_by_anything_that_was_said_before(
        world in world(),
        kept in prop::collection::vec(any::<bool>(), 64),
        cut_at in 0..4u64,
        sequence in 1..6u64,
    ) {
        let is_kept = |n: usize| kept.get(n).copied().unwrap_or(true);
        let grant = world.said.iter().find(|known| known.statement.kind == Kind::DeviceGrant as u16).unwrap().hash;
        let membership =
            world.said.iter().find(|known| known.statement.kind == Kind::MembershipGrant as u16).unwrap().hash;
        let wrote = written(20, standing(grant, Some(membership)), sequence);
        let mut ended = world.clone();
        // The root is the first one: it may have given way in between, so the End stands at its first numbers too.
        ended.set_chain(BERGEN, Chain::default());
        let end = ended.end_device(BERGEN, grant);
        let kept_by = |n| written(20, wrote.envelope.standing, n).hash;
        let cut = Cut { end, device: device(20), envelopes: (1..=cut_at).map(kept_by).collect(), said: None, pages: 1 };
        ended.root_says_in(BERGEN, Scope::Network, Kind::Cut, &cut);
        // Any part of what was said before, with the End.
        let fresh = ended.said.len() - 2;
        let part = ended.said.iter().enumerate().filter(|(n, _)| *n >= fresh || is_kept(*n)).map(|(_, known)| known);
        let roster = Roster::fold(Some(&world.charter), part);
        // Where a succession took the root's word away, its End is nothing, as it should be.
        prop_assume!(roster.root_of(org(BERGEN)) == org(BERGEN));
        // The first grant may be among what is left out: then the device is nobody's.
        prop_assert!(roster.device(device(20)).is_none_or(|held| held.org != org(BERGEN) || held.grant != grant));
        let genesis = document(BERGEN);
        let mut dated_back = wrote.envelope.clone();
        dated_back.sequence = 1;
        dated_back.branch = 1;
        prop_assert!(!roster.counts(EnvelopeHash([77; 32]), &dated_back, &genesis).is_yes());
        if sequence > cut_at {
            prop_assert!(!roster.counts(wrote.hash, &wrote.envelope, &genesis).is_yes());
        }
    }

    #[test]
    fn a_writer_now_is_one_whose_word_counts(world in world()) {
        let roster = world.roster();
        for genesis in [document(BERGEN), document(BAERUM)] {
            for (id, held) in roster.devices() {
                let verdict = roster.may(*id, praksis_protocol::membership::roster::Act::Write, Scope::Network, &roster.writers(&genesis));
                if let Some(standing) = roster.rights(&genesis).standing(*id)
                    && verdict.is_yes()
                {
                    let seed = (1..60).find(|seed| device(*seed) == *id).unwrap();
                    let wrote = written(seed, standing, 1);
                    let counts = roster.counts(wrote.hash, &wrote.envelope, &genesis);
                    prop_assert!(counts.is_yes(), "{:?} of {:?}: {:?}", id, held.org, counts);
                }
            }
        }
    }
}
