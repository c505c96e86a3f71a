//! Name resolution that cannot be talked out of `localhost`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::origin::is_localhost_name;

/// The system's resolver, except that `localhost` and names below it are this machine by definition (RFC 6761):
/// a hosts file or a name server that says otherwise must not receive what is meant to stay here.
#[derive(Debug)]
pub(crate) struct Resolver;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            // Port 0 stands for "the port of the URL".
            let addresses: Addrs = if is_localhost_name(name.as_str()) {
                Box::new(loopback().into_iter())
            } else {
                Box::new(
                    tokio::net::lookup_host((name.as_str(), 0))
                        .await?
                        .collect::<Vec<_>>()
                        .into_iter(),
                )
            };
            Ok(addresses)
        })
    }
}

fn loopback() -> [SocketAddr; 2] {
    [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]
        .map(|address| SocketAddr::new(address, 0))
}
