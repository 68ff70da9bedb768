//! From addresses as text to dials, and from failed dials to text.

use futures::channel::oneshot::Canceled;
use libp2p::{
    Multiaddr, PeerId,
    multiaddr::Protocol,
    swarm::{
        DialError,
        dial_opts::{DialOpts, PeerCondition},
    },
};
use praksis_protocol::id::DeviceId;

use super::{
    connect::ConnectError,
    identity::{device_of, peer_of},
    limits::ADDRESSES_PER_DIAL,
    peers::Refusal,
    proxy::Proxy,
};

/// A dial, and whom and where we said it is for.
pub(super) struct Dial {
    pub(super) device: Option<DeviceId>,
    pub(super) address: Option<String>,
    pub(super) options: DialOpts,
}

/// A dial that cannot be made.
pub(super) struct NoDial {
    pub(super) device: Option<DeviceId>,
    pub(super) address: Option<String>,
    pub(super) why: String,
}

/// One dial for a known device, one for each address otherwise.
pub(super) fn plan(
    device: Option<DeviceId>,
    addresses: Vec<String>,
    proxy: Option<&Proxy>,
) -> Vec<Result<Dial, NoDial>> {
    let addresses = addresses.into_iter().take(ADDRESSES_PER_DIAL);
    match device {
        Some(device) => vec![to_device(device, addresses, proxy)],
        None => addresses.map(|address| to_address(address, proxy)).collect(),
    }
}

/// The same address once more.
pub(super) fn again(device: DeviceId, address: &Multiaddr) -> Result<Dial, NoDial> {
    to_device(device, [address.to_string()].into_iter(), None)
}

/// An address as people write it: without the peer that libp2p appends.
pub(super) fn shown(address: &Multiaddr) -> String {
    split(address.clone()).0.to_string()
}

/// An address that says whose it is, `/p2p/..` at its end: that device, and the address without it.
pub fn device_at(text: &str) -> Option<(DeviceId, String)> {
    let (address, peer) = split(text.parse().ok()?);
    host(&address)?;
    Some((device_of(&peer?)?, address.to_string()))
}

/// The address with whose it is at its end.
pub fn with_device(text: &str, device: &DeviceId) -> Option<String> {
    let (address, _) = split(text.parse().ok()?);
    Some(address.with(Protocol::P2p(peer_of(device)?)).to_string())
}

/// A failed dial, for people.
pub(super) fn explain(error: &DialError) -> String {
    match error {
        DialError::LocalPeerId { .. } => "that is this node itself".into(),
        DialError::NoAddresses => "no address to dial".into(),
        DialError::DialPeerConditionFalse(_) => "connected or being dialled already".into(),
        DialError::Aborted => "the dial was given up".into(),
        DialError::WrongPeerId { obtained, address } => match device_of(obtained) {
            Some(device) => format!("another device answers at {}: {device}", shown(address)),
            None => format!("something that is no device answers at {}", shown(address)),
        },
        DialError::Denied { cause } => match cause.downcast_ref::<Refusal>() {
            Some(refusal) => refusal.to_string(),
            None => "the connection was not let in".into(),
        },
        DialError::Transport(failures) => {
            let each =
                failures.iter().map(|(address, error)| format!("{}: {}", shown(address), innermost(error)));
            each.collect::<Vec<_>>().join("; ")
        }
    }
}

fn to_device(
    device: DeviceId,
    addresses: impl Iterator<Item = String>,
    proxy: Option<&Proxy>,
) -> Result<Dial, NoDial> {
    let mut good = Vec::new();
    let mut first = None;
    let mut bad = Vec::new();
    let Some(peer) = peer_of(&device) else {
        return Err(NoDial { device: Some(device), address: None, why: "the device id is not a key".into() });
    };
    for text in addresses {
        match parse(&text, proxy) {
            Ok((address, expected)) if expected.is_none_or(|expected| expected == peer) => good.push(address),
            Ok(_) => bad.push(format!("{text} names another device")),
            Err(why) => bad.push(why),
        }
        first.get_or_insert(text);
    }
    if good.is_empty() && !bad.is_empty() {
        return Err(NoDial { device: Some(device), address: first, why: bad.join("; ") });
    }
    let options = dial_peer(peer, good);
    Ok(Dial { device: Some(device), address: first, options })
}

fn to_address(text: String, proxy: Option<&Proxy>) -> Result<Dial, NoDial> {
    let (address, peer) =
        parse(&text, proxy).map_err(|why| NoDial { device: None, address: Some(text.clone()), why })?;
    let options = match peer {
        Some(peer) => dial_peer(peer, vec![address]),
        None => DialOpts::unknown_peer_id().address(address).build(),
    };
    Ok(Dial { device: None, address: Some(text), options })
}

/// Also while there is a connection: a guest's may be about to close.
fn dial_peer(peer: PeerId, addresses: Vec<Multiaddr>) -> DialOpts {
    DialOpts::peer_id(peer).condition(PeerCondition::NotDialing).addresses(addresses).build()
}

fn parse(text: &str, proxy: Option<&Proxy>) -> Result<(Multiaddr, Option<PeerId>), String> {
    let address: Multiaddr =
        text.parse().map_err(|error| format!("cannot read the address {text}: {error}"))?;
    if is_quic(&address) && host(&address).is_some_and(|host| proxy.is_some_and(|it| it.stands_before(&host)))
    {
        return Err(format!("{text}: QUIC does not go through an HTTP proxy"));
    }
    Ok(split(address))
}

fn is_quic(address: &Multiaddr) -> bool {
    address.iter().any(|part| matches!(part, Protocol::QuicV1))
}

/// The name or number at the beginning of an address.
pub(super) fn host(address: &Multiaddr) -> Option<String> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "some thirty other protocols")]
    match address.iter().next()? {
        Protocol::Ip4(ip) => Some(ip.to_string()),
        Protocol::Ip6(ip) => Some(ip.to_string()),
        Protocol::Dns(name) | Protocol::Dns4(name) | Protocol::Dns6(name) => Some(name.into_owned()),
        _ => None,
    }
}

/// The address, and the peer at its end.
fn split(mut address: Multiaddr) -> (Multiaddr, Option<PeerId>) {
    let Some(Protocol::P2p(peer)) = address.iter().last() else { return (address, None) };
    address.pop();
    (address, Some(peer))
}

/// What the proxy has against every dial, if it has.
pub(super) fn refused_by_proxy(error: &DialError) -> Option<String> {
    let DialError::Transport(failures) = error else { return None };
    failures.iter().find_map(|(_, error)| {
        let mut cause: Option<&dyn std::error::Error> = Some(error);
        while let Some(error) = cause {
            if let Some(refusal) = error.downcast_ref::<ConnectError>() {
                return refusal.concerns_all().then(|| refusal.to_string());
            }
            cause = error.source();
        }
        None
    })
}

/// What the operating system said, beneath the layers that pass it on.
pub(super) fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    // What libp2p's relay client leaves of a dial that it gave up.
    if innermost.is::<Canceled>() {
        return "the relay cannot be reached, or is no member here".into();
    }
    innermost.to_string()
}
