//! Asking a process on this machine whether it is ready, for health checks of containers without another tool.

use std::{
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::Context;

const PATIENCE: Duration = Duration::from_secs(2);

/// Whether the process that listens on `address` answers `GET /readyz` by 200.
pub fn ask_ready(address: SocketAddr) -> anyhow::Result<()> {
    let address = reachable(address);
    let asked = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(b"GET /readyz HTTP/1.0\r\n\r\n")?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        Ok(String::from_utf8_lossy(&status).into_owned())
    };
    let status = asked().with_context(|| format!("nothing answers at {address}"))?;
    anyhow::ensure!(status.ends_with(" 200"), "the process at {address} is not ready");
    Ok(())
}

/// A process that listens on every address is asked on the loopback.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}
