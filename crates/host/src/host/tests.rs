mod ethernet;
mod hostile;
mod messages;
mod udp;
