"""Commands that are given what they cannot use: one message, exit code 1 or 2, and no traceback."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from designs import CONFIG, DESIGN

from spikeloom import cli
from spikeloom.hdl.contract.core_config import CoreConfig
from spikeloom.hdl.contract.fields import ConfigError
from spikeloom.link import port_owner

TOML = CONFIG.to_toml()
FILES = {
    "latin-1": ('[core]\nneurons = 3 # höchstens\n'.encode("latin-1"), r"line 2: byte 0xf6 is not UTF-8"),
    "utf-16": (TOML.encode("utf-16"), "is UTF-16, and TOML is UTF-8"),
    "a list for a rule": (
        (TOML + '[core.learning]\nrule = ["pair"]\n').encode(), r"learning rule is \['pair'\]"
    ),
    "nested": (b"a = " + 5000 * b"[", "nested too deep"),
    "digits": (b"[core]\nneurons = " + 5000 * b"9", "not TOML"),
    "many neurons": (
        b"[core]\naxons = 1\nneurons = " + 30 * b"9", "is 9{30}; give an integer from 1 to 16384"
    ),
    "a list for a number": (b"[core]\naxons = 1\nneurons = [[1]]", r"neurons is \[\[1\]\]"),
    "bytes": (bytes(range(256)), "not TOML|not UTF-8"),
    "long": (b"#" * (1 << 21), "more than 1048576 bytes"),
}  # fmt: skip


@pytest.mark.parametrize("what", FILES)
def test_faults_21_a_configuration_that_is_none_is_named(tmp_path, what):
    data, match = FILES[what]
    (tmp_path / "core.toml").write_bytes(data)
    with pytest.raises(ConfigError, match=match):
        CoreConfig.from_toml(tmp_path / "core.toml")


def test_faults_21_toml_is_utf_8_whatever_the_locale(tmp_path, monkeypatch):
    (tmp_path / "core.toml").write_bytes(b"\xef\xbb\xbf# h\xc3\xb6chstens\n" + TOML.encode())
    monkeypatch.setattr("locale.getpreferredencoding", lambda *_: "ascii")
    assert CoreConfig.from_toml(tmp_path / "core.toml") == CONFIG
    for wrong in (tmp_path, tmp_path / "none.toml", tmp_path / "\0.toml", 5, None):
        with pytest.raises(ConfigError):
            CoreConfig.from_toml(wrong)


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a command line; gives exit code and stderr."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["spikeloom", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code or 0, capsys.readouterr().err

    return run


def test_faults_21_a_rate_that_no_board_has_is_refused_at_once(run, tmp_path):
    (tmp_path / "core.toml").write_text(TOML)
    for baud in ("999999999", "5", "0"):
        code, err = run("serve", tmp_path / "core.toml", "--baud", baud)
        assert code
        assert "Traceback" not in err
    assert "1…6000000" in run("serve", tmp_path / "core.toml", "--baud", "999999999")[1]


def test_faults_25_a_folder_that_is_not_there_is_named_at_once(run, tmp_path):
    (tmp_path / "core.toml").write_text(TOML)
    link = tmp_path / "none" / "x"
    code, err = run("serve", tmp_path / "core.toml", "--link", link)
    assert code == 1
    assert f"there is no folder {tmp_path / 'none'}" in err


@pytest.mark.parametrize("setting", ["=1", "neurons", "neurons=", " = ", ""])
def test_faults_25_a_setting_without_name_or_value_is_named(run, tmp_path, setting):
    (tmp_path / "core.toml").write_text(TOML)
    code, err = run("verilog", tmp_path / "core.toml", "--set", setting)
    assert code == 2
    assert "is not of the form name=value" in " ".join(err.replace("│", " ").split())


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_faults_25_a_full_disk_is_named(run, monkeypatch, tmp_path):
    (tmp_path / "core.toml").write_text(TOML)
    monkeypatch.setattr("spikeloom.cli.verilog.generate", lambda config: "text")
    code, err = run("verilog", tmp_path / "core.toml", "-o", "/dev/full")
    assert code == 1
    assert "cannot write /dev/full: No space left" in err


def test_faults_21_an_error_of_our_own_has_no_traceback_but_with_debug(run, monkeypatch):
    def fails(**_):
        raise KeyError("x")

    monkeypatch.setattr("spikeloom.cli.devices.find_boards", fails, raising=False)
    monkeypatch.setattr("spikeloom.cli.doctor.diagnose", lambda need: fails())
    code, err = run("doctor")
    assert code == 1
    assert "KeyError: 'x'. This is a fault of SpikeLoom: please report it" in err
    monkeypatch.setattr(sys, "argv", ["spikeloom", "--debug", "doctor"])
    with pytest.raises(KeyError):
        cli.main()


@pytest.mark.parametrize(
    "arguments", [["doctor"], ["info", "--design", "net.slm"], ["verilog", "--help"]]
)
def test_faults_21_an_ascii_locale(tmp_path, arguments):
    DESIGN.save(tmp_path / "net.slm")
    done = subprocess.run(
        [sys.executable, "-c", "from spikeloom.cli import main; main()", *arguments],
        cwd=tmp_path,
        env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        capture_output=True,
        check=False,
    )
    assert b"Traceback" not in done.stderr
    assert done.stdout.isascii()
    assert done.returncode == 0 or arguments[0] != "verilog"


@pytest.mark.parametrize(
    "text", ["[]", "{}", "5", "null", '{"port": 1}', "\xff", "[" * 100_000, '{"address": [1, 2, 3]}',
             '{"port": "a", "pid": "b", "command": "c", "since": "d"}'],
)  # fmt: skip
def test_faults_21_a_stray_record_is_nobody(text):
    folder = port_owner.runtime_folder()
    stray = folder / "owner-stray.json"
    stray.write_text(text, encoding="latin-1")
    try:
        assert port_owner.records(port_owner.OWNER) == []
        stray.unlink()
        stray.mkdir()
        assert port_owner.records(port_owner.OWNER) == []
    finally:
        if stray.is_dir():
            stray.rmdir()
        else:
            stray.unlink(missing_ok=True)


def test_faults_28_serve_loads_the_design_that_it_is_given(monkeypatch, tmp_path):
    served = {}
    monkeypatch.setattr(
        "spikeloom.cli.serve.serve_twin", lambda config, **rest: served.update(rest)
    )
    DESIGN.save(tmp_path / "net.slm")
    (tmp_path / "core.toml").write_text(TOML)
    for arguments, design in (
        (["net.slm"], DESIGN),
        (["net.slm", "--set", "monitors=2"], None),
        (["core.toml"], None),
    ):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["spikeloom", "serve", *arguments])
        with pytest.raises(SystemExit):
            cli.main()
        assert served["design"] == design


def test_faults_27_a_training_ends_with_ctrl_c():
    import warnings

    from spikeloom.demos.digits_network import _stopped_by_interrupts

    with pytest.raises(KeyboardInterrupt), _stopped_by_interrupts():
        warnings.warn("Training interrupted by user.", stacklevel=1)
    with pytest.warns(UserWarning, match="else"), _stopped_by_interrupts():
        warnings.warn("something else", stacklevel=1)
