//! Who is asking, as far as addresses tell: [`TrustedProxies`].

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

use crate::request::{HeaderValues, RequestParts};

/// How many addresses of a forwarding header are looked at, from the right.
const MOST_HOPS: usize = 32;

/// The proxies whose word about the client's address is taken.
///
/// Without any, a client is whoever opened the connection, and forwarding headers are ignored, since anybody can
/// write them. With some, the header is read from the right: the first address that is not a trusted proxy is the
/// client.
///
/// IPv4 clients are told apart by address, IPv6 clients by their /64 network, which one customer has to himself.
///
/// ```
/// use l402_server::TrustedProxies;
///
/// let proxies = TrustedProxies::new(["10.0.0.0/8", "fd00::/8"])?;
/// assert!(TrustedProxies::new(["10.0.0.1/99"]).is_err());
/// # let _ = proxies;
/// # Ok::<(), l402_server::InvalidNetwork>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct TrustedProxies {
    networks: Vec<IpNet>,
    header: ProxyHeader,
}

/// The header field in which proxies write whom they speak for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyHeader {
    /// `X-Forwarded-For`.
    #[default]
    XForwardedFor,
    /// `Forwarded`, RFC 7239.
    Forwarded,
}

/// A network that is not written as `address/bits`, or an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no network: write it like 10.0.0.0/8, or a single address")]
pub struct InvalidNetwork(String);

impl TrustedProxies {
    /// Trusts the proxies in these networks, written like `10.0.0.0/8` or as a single address.
    ///
    /// # Errors
    /// [`InvalidNetwork`] names the one that cannot be read.
    pub fn new<T: AsRef<str>>(networks: impl IntoIterator<Item = T>) -> Result<Self, InvalidNetwork> {
        let parse = |text: T| {
            let text = text.as_ref();
            let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
            network.map_err(|_| InvalidNetwork(text.to_owned()))
        };
        let networks = networks.into_iter().map(parse).collect::<Result<_, _>>()?;
        Ok(Self { networks, header: ProxyHeader::default() })
    }

    /// Reads another header field than `X-Forwarded-For`. Name the one that the proxies overwrite or append to:
    /// any other is the client's own invention.
    pub const fn reading(mut self, header: ProxyHeader) -> Self {
        self.header = header;
        self
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&address))
    }

    /// The client behind the proxies. An entry that cannot be read ends the search at the proxy that wrote it.
    pub(crate) fn client<H: HeaderValues>(&self, request: &RequestParts<'_, H>) -> ClientKey {
        let Some(peer) = request.peer else {
            return ClientKey::Unknown;
        };
        let mut client = peer.to_canonical();
        if self.trusts(client) {
            for entry in self.entries(request).take(MOST_HOPS) {
                let Some(address) = entry else { break };
                client = address.to_canonical();
                if !self.trusts(client) {
                    break;
                }
            }
        }
        ClientKey::of(client)
    }

    /// The addresses of the forwarding header, the nearest proxy's first.
    fn entries<'r, H: HeaderValues>(
        &self,
        request: &'r RequestParts<'_, H>,
    ) -> impl Iterator<Item = Option<IpAddr>> + use<'r, H> {
        let (name, read): (_, fn(&str) -> Option<IpAddr>) = match self.header {
            ProxyHeader::XForwardedFor => ("x-forwarded-for", address),
            ProxyHeader::Forwarded => ("forwarded", forwarded_for),
        };
        let lines: Vec<&[u8]> = request.headers.values(name).collect();
        let entries = lines.into_iter().rev().flat_map(|line| line.rsplit(|byte| *byte == b','));
        entries.map(move |entry| str::from_utf8(entry).ok().and_then(|entry| read(entry.trim())))
    }
}

/// The `for` parameter of one element of `Forwarded`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let parameters = element.split(';').filter_map(|parameter| parameter.trim().split_once('='));
    let mut named = parameters.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
    let (_, value) = named.next()?;
    address(value.trim().trim_matches('"'))
}

/// An address, with or without brackets and port.
fn address(text: &str) -> Option<IpAddr> {
    if let Some(rest) = text.strip_prefix('[') {
        return rest.split_once(']')?.0.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    }
    text.parse().ok().or_else(|| text.rsplit_once(':')?.0.parse().ok().filter(IpAddr::is_ipv4))
}

/// What one client has in common over all its requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ClientKey {
    /// An IPv4 address, or the first of an IPv6 /64 network.
    Network(IpAddr),
    /// All clients whose address the adapter does not know.
    Unknown,
    /// All clients that are too many to be told apart.
    Crowd,
}

impl ClientKey {
    fn of(address: IpAddr) -> Self {
        Self::Network(match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        })
    }
}
