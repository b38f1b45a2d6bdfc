//! Calls that set sockets up, and that ask how they are set up.

use super::Runner;
use super::arguments::{Arguments, Wrong, integer, number_field};
use super::outputs::{Problem, Reply};
use crate::ast::{Call, Expression};
use crate::sockets::{Errno, OptionValue, Stop};
use crate::symbols::{
    F_DUPFD, F_GETFD, F_GETFL, F_GETOWN, F_GETSIG, F_SETFD, F_SETFL, SOL_SOCKET, SOL_TCP, TCP_CONGESTION,
};

/// The longest value of a socket option that anything here asks for.
const MOST_OPTION_OCTETS: usize = 1024;

impl Runner {
    pub(super) fn configuring(&mut self, call: &Call) -> Result<Reply, Problem> {
        match call.name.as_str() {
            "fcntl" => self.file_control(call),
            "ioctl" => {
                let arguments = Arguments::new(call, 3..=3)?;
                let found = self.kernel.ioctl(arguments.fd(0)?, arguments.integer(1)?)?;
                Self::check_number("the value", arguments.bracketed(2)?, found)?;
                Ok(0.into())
            }
            "getsockopt" => self.read_option(call),
            _ => {
                let arguments = Arguments::new(call, 5..=5)?;
                let (fd, level, name) = (arguments.fd(0)?, arguments.integer(1)?, arguments.integer(2)?);
                let mut value = option_value(arguments.get(3))?;
                let size = arguments.size(4)?;
                match &mut value {
                    OptionValue::Number(_) if size < 4 && matches!(level, SOL_SOCKET | SOL_TCP) => {
                        return Err(Stop::Errno(Errno::EINVAL).into());
                    }
                    OptionValue::Text(octets) => octets.resize(size.min(MOST_OPTION_OCTETS), 0),
                    OptionValue::Number(_) | OptionValue::Linger(..) => {}
                }
                Ok(self.kernel.set_option(fd, level, name, value)?.into())
            }
        }
    }

    fn file_control(&mut self, call: &Call) -> Result<Reply, Problem> {
        let arguments = Arguments::new(call, 2..=3)?;
        let (fd, command) = (arguments.fd(0)?, arguments.integer(1)?);
        let argument = if arguments.len() == 3 { Some(arguments.integer(2)?) } else { None };
        match (command, argument) {
            (F_GETFL, _) => Ok(self.kernel.file_flags(fd)?.into()),
            (F_SETFL, Some(flags)) => Ok(self.kernel.set_file_flags(fd, flags)?.into()),
            (F_GETFD, _) => Ok(self.kernel.descriptor_flags(fd)?.into()),
            (F_SETFD, Some(flags)) => Ok(self.kernel.set_descriptor_flags(fd, flags)?.into()),
            (F_GETOWN | F_GETSIG, _) => Ok(self.kernel.signals(fd)?.into()),
            (F_DUPFD, Some(least)) => Ok(self.kernel.duplicate(fd, least)?.into()),
            _ => Err(Problem::unsupported(format!("fcntl {command}"))),
        }
    }

    /// Compares the value of an option, a number or a string, and its length.
    fn read_option(&mut self, call: &Call) -> Result<Reply, Problem> {
        let arguments = Arguments::new(call, 5..=5)?;
        let (fd, level, name) = (arguments.fd(0)?, arguments.integer(1)?, arguments.integer(2)?);
        if let Expression::Text(expected) = arguments.get(3) {
            if (level, name) != (SOL_TCP, TCP_CONGESTION) {
                return Err(Problem::unsupported("reading an option that is a string"));
            }
            let found = self.kernel.congestion(fd)?;
            let size = usize::try_from(arguments.bracketed(4)?).unwrap_or(0);
            if expected.len() != size || !found.as_bytes().starts_with(expected) {
                return Err(Problem::Wrong(format!("expected another string of {size} octets than {found}")));
            }
            return Ok(0.into());
        }
        let expected = arguments.bracketed(3)?;
        let found = self.kernel.option(fd, level, name)?;
        Self::check_number("the length", arguments.bracketed(4)?, 4)?;
        // Both are the 32 bits that the kernel writes.
        Self::check_number("the value", i64::from(expected as i32), i64::from(found as i32))?;
        Ok(0.into())
    }
}

fn option_value(expression: &Expression) -> Result<OptionValue, Wrong> {
    match expression {
        Expression::List(list) if list.len() == 1 => match &list[0] {
            linger @ Expression::Structure(_) => option_value(linger),
            number => integer(number).map(OptionValue::Number),
        },
        Expression::Structure(_) => {
            let on = number_field(expression, "onoff")?;
            Ok(OptionValue::Linger(on, number_field(expression, "linger")?))
        }
        Expression::Text(text) => Ok(OptionValue::Text(text.clone())),
        other => integer(other).map(OptionValue::Number),
    }
}
