//! Binding: the sockets behind one address, and nothing else.
//!
//! A socket that is bound to an address takes connections to that address from every interface on some systems (Linux, macOS):
//! another network that this computer is on can reach it by a route. On Linux a socket can be bound to the device too, so that the
//! kernel keeps everybody else out; a second one for the loopback device lets this computer itself open its own links.

use std::io;
use std::net::{IpAddr, SocketAddr};
use tokio::net::{TcpListener, TcpSocket};

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;

/// Listens on an address: where the system can, only for what comes in by this device, and from this computer itself.
pub(crate) fn listen(address: IpAddr, port: u16, device: Option<&str>) -> io::Result<Vec<TcpListener>> {
    let Some(device) = device.filter(|_| cfg!(target_os = "linux")) else {
        return Ok(vec![socket(address, port, None)?]);
    };
    let both =
        socket(address, port, Some(device)).and_then(|outer| Ok(vec![outer, socket(address, port, Some("lo"))?]));
    match both {
        // A kernel before 5.7 lets only root bind to devices.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            tracing::warn!(
                "the system does not keep other networks from {address}: binding to {device} is not allowed"
            );
            Ok(vec![socket(address, port, None)?])
        }
        both => both,
    }
}

fn socket(address: IpAddr, port: u16, device: Option<&str>) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // On Windows it would let another program take the port over.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    #[cfg(target_os = "linux")]
    socket.bind_device(device.map(str::as_bytes))?;
    #[cfg(not(target_os = "linux"))]
    let _ = device;
    socket.bind(SocketAddr::new(address, port))?;
    socket.listen(BACKLOG)
}
