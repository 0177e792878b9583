//! A port of loopback that is a test's own before anybody listens at it.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;

use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, listen, socket_with};

/// A port that nobody else can be given. Until somebody listens, connections to it are refused, as a dead server's are.
#[derive(Debug)]
pub struct Port {
    socket: OwnedFd,
    number: u16,
}

impl Port {
    /// A port that is free now and taken from now on.
    #[must_use]
    pub fn reserved() -> Self {
        let socket =
            socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None).expect("a socket");
        bind(&socket, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a free port");
        let name = rustix::net::getsockname(&socket).expect("a socket's name");
        let address = SocketAddr::try_from(name).expect("the address of an internet socket");
        Self { socket, number: address.port() }
    }

    /// Its number.
    #[must_use]
    pub const fn number(&self) -> u16 {
        self.number
    }

    /// From now on connections are taken.
    pub(crate) fn listen(self) -> TcpListener {
        listen(&self.socket, 128).expect("a socket that listens");
        TcpListener::from(self.socket)
    }
}
