//! Name resolution that cannot be talked into this machine, nor out of it.
//!
//! `localhost` and names below it are this machine by definition (RFC 6761): a hosts file or a name server that says
//! otherwise must not receive what is meant to stay here.
//!
//! Any other name is another machine. Who controls its name server may answer with an address of this machine, or of the
//! link it is on, where a cloud's metadata service listens (DNS rebinding). Keys are safe from that by TLS, since such a
//! name is contacted by `https` only and nobody there has its certificate; but nothing at all is owed to those addresses,
//! so they are not connected to. Addresses of private networks stay allowed: a company's own servers are there.
//! An address is checked where the connection takes it from, so a name that changes its mind in between gains nothing.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::origin::is_localhost_name;

/// The system's resolver within these rules.
pub(crate) struct Resolver {
    system: Arc<dyn Resolve>,
}

impl Resolver {
    pub(crate) fn of_system() -> Resolver {
        Resolver { system: Arc::new(System) }
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resolver")
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        if is_localhost_name(name.as_str()) {
            return Box::pin(async { Ok(Box::new(loopback().into_iter()) as Addrs) });
        }
        let answer = self.system.resolve(name);
        Box::pin(async { Ok(elsewhere(answer.await?)?) })
    }
}

struct System;

impl Resolve for System {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            // Port 0 stands for "the port of the URL".
            let addresses: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// The addresses at which another machine may be; an error when there were others only.
fn elsewhere(addresses: Addrs) -> io::Result<Addrs> {
    let (allowed, refused): (Vec<_>, Vec<_>) =
        addresses.partition(|address| is_elsewhere(address.ip()));
    match refused.first() {
        Some(address) if allowed.is_empty() => Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            format!("the name leads to {}, which is this machine or its own link", address.ip()),
        )),
        _ => Ok(Box::new(allowed.into_iter())),
    }
}

/// Whether an address can be another machine's, with which one would want to talk.
fn is_elsewhere(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            // All of 0.0.0.0/8 is "this network"; Linux takes 0.0.0.0 for this machine.
            !(v4.octets()[0] == 0
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_multicast()
                || v4.is_broadcast())
        }
        IpAddr::V6(v6) => {
            !(v6.is_unspecified()
                || v6.is_loopback()
                || v6.is_unicast_link_local()
                || v6.is_multicast())
        }
    }
}

fn loopback() -> [SocketAddr; 2] {
    [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]
        .map(|address| SocketAddr::new(address, 0))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use reqwest::redirect::Policy;
    use tokio::net::TcpListener;

    use super::*;

    /// A name server under an attacker's control: each question gets the next answer, the last one for ever.
    struct Rebinding {
        answers: Mutex<Vec<IpAddr>>,
    }

    impl Rebinding {
        fn new(answers: &[&str]) -> Arc<Rebinding> {
            let parsed = answers.iter().rev().map(|text| text.parse().expect("an address"));
            Arc::new(Rebinding { answers: Mutex::new(parsed.collect()) })
        }
    }

    impl Resolve for Rebinding {
        fn resolve(&self, _: Name) -> Resolving {
            let mut answers = self.answers.lock().expect("not poisoned");
            let last = answers.len() == 1;
            let address = if last { answers[0] } else { answers.pop().expect("an answer") };
            let addresses = vec![SocketAddr::new(address, 0)];
            Box::pin(async { Ok(Box::new(addresses.into_iter()) as Addrs) })
        }
    }

    /// Asks `https://rebound.example` once, and says whether a server on this machine was contacted.
    async fn reaches_this_machine(resolver: Arc<dyn Resolve>) -> bool {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .dns_resolver(resolver)
            .build()
            .expect("a client");
        let request = client.get(format!("https://rebound.example:{port}/")).send();
        tokio::select! {
            biased;
            contact = listener.accept() => contact.is_ok(),
            answer = request => {
                assert!(answer.is_err_and(|error| error.is_connect()), "nobody may answer");
                false
            }
        }
    }

    #[tokio::test]
    async fn a_name_that_is_rebound_to_this_machine_is_not_connected_to() {
        for address in ["127.0.0.1", "127.8.8.8", "0.0.0.0", "::1", "::ffff:127.0.0.1", "::"] {
            let server = Rebinding::new(&["169.254.169.254", address]);
            let guarded = Arc::new(Resolver { system: server });
            for _ in 0..2 {
                assert!(!reaches_this_machine(guarded.clone()).await, "{address} was contacted");
            }
        }
    }

    #[tokio::test]
    async fn without_the_guard_a_rebound_name_would_be_connected_to() {
        assert!(reaches_this_machine(Rebinding::new(&["127.0.0.1"])).await);
    }

    #[test]
    fn other_machines_private_ones_too_are_elsewhere() {
        for address in ["93.184.215.14", "10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1"] {
            assert!(is_elsewhere(address.parse().expect("an address")), "{address}");
        }
        for address in ["2606:2800:21f::1", "fd00::1", "64:ff9b::5db8:d70e"] {
            assert!(is_elsewhere(address.parse().expect("an address")), "{address}");
        }
        for address in [
            "169.254.169.254",
            "fe80::1",
            "::1",
            "::",
            "0.0.0.0",
            "127.0.0.1",
            "::ffff:127.0.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "ff02::1",
        ] {
            assert!(!is_elsewhere(address.parse().expect("an address")), "{address}");
        }
    }

    #[test]
    fn of_several_addresses_those_elsewhere_are_taken() {
        let answer: Vec<SocketAddr> =
            ["127.0.0.1:0", "10.0.0.1:0"].map(|text| text.parse().expect("an address")).into();
        let taken: Vec<_> = elsewhere(Box::new(answer.into_iter())).expect("one is left").collect();
        assert_eq!(taken, ["10.0.0.1:0".parse().expect("an address")]);
    }
}
