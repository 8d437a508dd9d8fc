"""What an audit found, and what to do about it, by code (docs/audit.md)."""

from __future__ import annotations

from typing import Final

from certsvc.domain.audit_remedies import PROGRAM, RESTORE_FILE, RESTORE_ROW, STOP, Explained
from certsvc.domain.text import Text
from certsvc.domain.texts_audit_erasures import OF_ERASURES
from certsvc.domain.texts_audit_log import OF_LOG

DEFECTS: Final[dict[str, Explained]] = {
    "ROW_DAMAGED": Explained(Text("登记行的校验码不符", "a row fails its MAC"), RESTORE_ROW),
    "ROW_UNREADABLE": Explained(
        Text("登记行校验码相符，但内容无法解读", "a row keeps its MAC and makes no sense"), STOP
    ),
    "IMAGE_DIFFERS": Explained(
        Text("图片与其 sha256 不符", "a picture is not the one its sha256 names"), RESTORE_ROW
    ),
    "REFERENCE_MISSING": Explained(
        Text("登记行所指的另一行不存在", "a row names another row that is not there"), RESTORE_ROW
    ),
    "NOT_UNIQUE": Explained(
        Text("应当唯一的值出现多次", "several rows share a value that must be a row's own"), STOP
    ),
    "TWO_ENDORSEMENTS_A_DAY": Explained(
        Text("同一持证人同日有多份加注件", "a holder has several endorsed copies of one day"), STOP
    ),
    "TWO_ORIGINALS": Explained(
        Text("同一版本有多份原件", "a version has several originals in one place"), STOP
    ),
    "EVENT_MISSING": Explained(
        Text("事件序号有缺，可能有事件被删除", "a number of the history is missing: an event was removed"),
        RESTORE_ROW,
    ),
    "EVENT_ORDER": Explained(
        Text("事件的先后与登记时刻矛盾", "the order of events contradicts the instants of recording"), STOP
    ),
    "EVENT_VERSION_WRONG": Explained(
        Text("事件所附的证书版本不是应有的版本", "an event stands with another version than it must"), STOP
    ),
    "REGISTRATION_MISSING": Explained(
        Text("注册序号有缺，可能有注册被删除", "a number of the registrations is missing: one was removed"),
        RESTORE_ROW,
    ),
    "REGISTRATION_EMPTY": Explained(
        Text("注册没有事件或版本", "a registration has no event, or no version"), RESTORE_ROW
    ),
    "NUMBER_MISSING": Explained(
        Text(
            "事件给出的注册编号未登记，或登记了没有来历的编号",
            "numbers of a registration are not its events'",
        ),
        RESTORE_ROW,
    ),
    "EXPIRING_LIST_WRONG": Explained(
        Text("到期提醒表与事件不符", "the list of ending specialties differs from the events"), RESTORE_ROW
    ),
    "VERSION_MISSING": Explained(Text("证书版本有缺", "a version of a certificate is missing"), RESTORE_ROW),
    "VERSION_CHAIN": Explained(
        Text("证书版本的编号不相接", "serial, number or predecessor of a version do not follow"), STOP
    ),
    "LICENCE_ID_WRONG": Explained(
        Text("证照标识的格式、校验位或组成不符", "form, check character or parts of a licence id are wrong"),
        STOP,
    ),
    "FACE_HASH_WRONG": Explained(
        Text("版本内容与其哈希不符", "the content of a version is not what its hash names"), STOP
    ),
    "FACE_DIFFERS": Explained(
        Text("版本内容不是事件应得的内容", "a version does not show what the events make of it"), STOP
    ),
    "VALIDITY_WRONG": Explained(
        Text("专业有效期不合规则", "the validity of a specialty is not the rule's"), STOP
    ),
    "WINDOW_WRONG": Explained(
        Text("加注件的使用有效期不合规则", "the usage window of a copy is not the rule's"), STOP
    ),
    "DAY_WRONG": Explained(
        Text("日期不是登记时刻的北京日期", "the day is not Beijing's at the reservation"), STOP
    ),
    "SPECIALTIES_WRONG": Explained(
        Text("加注件所列专业不是当日有效的专业", "the specialties are not those valid on the day"), STOP
    ),
    "WARNINGS_WRONG": Explained(Text("到期提示与规则不符", "the warnings given are not the rule's"), PROGRAM),
    "NOT_USABLE_THEN": Explained(
        Text("签发时注册不可用", "the registration was not usable when the copy was made"), STOP
    ),
    "VERSION_NOT_IN_FORCE": Explained(
        Text("所印版本不是签发时的版本", "the version printed is not the one in force then"), STOP
    ),
    "REISSUE_WRONG": Explained(
        Text("原件的更换次数不符", "an original counts other replacements than there were"), STOP
    ),
    "TOKEN_MALFORMED": Explained(Text("二维码令牌格式不符", "a token has another form"), STOP),
    "CODE_MALFORMED": Explained(
        Text("核验码格式或校验位不符", "a code has another form, or its check character is wrong"), STOP
    ),
    "COPY_NUMBER_WRONG": Explained(
        Text("副本编号与签发先后不符", "copy numbers do not rise with the reservations"), STOP
    ),
    "COPY_INCONSISTENT": Explained(
        Text("签发记录的各项自相矛盾", "the parts of a copy's row contradict each other"), STOP
    ),
    "HOLDER_DIFFERS": Explained(
        Text("签发记录与注册的持证人或类型不符", "holder or type of a copy are not the registration's"), STOP
    ),
    "PENDING_PAST_LEASE": Explained(
        Text("签发中断后未收尾", "a copy was left unfinished by a crash"),
        Text("运行 certsvc recover", "run: certsvc recover"),
    ),
    "KEY_UNKNOWN": Explained(
        Text("签发所用密钥不在信任清单中", "the key a copy names is not in the trust list"),
        Text(
            "恢复信任清单；若从未有过该密钥，停止签发并查明", "restore the trust list; or stop and find out"
        ),
    ),
    "KEY_NOT_VALID_THEN": Explained(
        Text("签发时密钥不在有效期或已停用", "the key was not valid, or retired, when the copy was made"),
        PROGRAM,
    ),
    "KEY_COMPROMISED": Explained(
        Text(
            "签发时或记入日志时密钥已被列为泄露",
            "the key counts as leaked since before the copy was made, or logged",
        ),
        Text("为持证人重新签发该件", "issue the copy anew"),
    ),
    "FILE_MISSING": Explained(Text("签发的文件不存在", "an issued file is not there"), RESTORE_FILE),
    "FILE_DAMAGED": Explained(
        Text("文件与存储时不同（位翻转或截断）", "a file is not as it was stored: flipped bits, or cut"),
        RESTORE_FILE,
    ),
    "FILE_DIFFERS": Explained(
        Text("文件不是登记的文件", "a file is not the one the row names"), RESTORE_FILE
    ),
    "FILE_WITHOUT_ROW": Explained(
        Text("有文件而无登记行", "files of a copy that is not in the register"),
        Text(
            "从备份恢复该行；若从未登记，隔离该文件并查明是谁签的",
            "restore the row from a backup; if there never was one, set the file aside and find who made it",
        ),
    ),
    "FAILED_WITH_FILES": Explained(
        Text("已失败的签发仍留有文件", "files of a copy that failed are still there"),
        Text("运行 certsvc recover", "run: certsvc recover"),
    ),
    "PACK_DAMAGED": Explained(Text("文件包的目录损坏", "the index of a pack is damaged"), RESTORE_FILE),
    "STRAY_FILE": Explained(
        Text(
            "存储目录中有不属于本系统的文件", "something lies in the folder that the store did not put there"
        ),
        Text("查明来历后移走", "find out where it is from, then move it away"),
    ),
    "FILE_UNREADABLE": Explained(
        Text("文件无法由外部读取器打开", "another reader cannot open a file"), PROGRAM
    ),
    "UNSIGNED": Explained(Text("文件没有签章", "a file has no signature"), STOP),
    "MANY_SIGNATURES": Explained(Text("文件有多个签章", "a file has several signatures"), STOP),
    "SIGNATURE_BROKEN": Explained(Text("签章无效", "a signature does not verify"), STOP),
    "NOT_COVERED": Explained(
        Text("签章未覆盖整个文件", "a signature does not cover the whole file: something was added"), STOP
    ),
    "SIGNER_WRONG": Explained(
        Text("签章者不是登记行所载的密钥或印章", "signer or seal are not those the row names"), STOP
    ),
    "SIGNING_TIME_WRONG": Explained(
        Text("文件中的签章时刻与登记不符", "a file states another instant of signing than the row"), STOP
    ),
    "PART_DIFFERS": Explained(
        Text("OFD 部件与签章中的摘要不符", "a part of an OFD is not the one that was sealed"), STOP
    ),
    "PART_UNLISTED": Explained(
        Text("OFD 部件与签章清单不一致", "parts of an OFD and the list that was sealed differ"), STOP
    ),
    "METADATA_DIFFERS": Explained(
        Text("文件元数据与登记不符", "the metadata of a file differ from the register"), PROGRAM
    ),
    "TEXT_DIFFERS": Explained(
        Text("页面文字与登记不符", "the text of a page differs from the register"), PROGRAM
    ),
    "GLYPH_MISSING": Explained(
        Text("页面有无字形的字符", "a page shows characters without a glyph"), PROGRAM
    ),
    "QR_UNREADABLE": Explained(Text("页面二维码无法识读", "the QR symbol of a page does not read"), PROGRAM),
    "QR_DIFFERS": Explained(
        Text("页面二维码不是该件的地址", "the QR symbol of a page leads elsewhere"), STOP
    ),
    "JUDGE_REFUSES": Explained(
        Text(
            "openssl 不认可该签章或时间戳",
            "the openssl program does not accept a signature or a time stamp",
        ),
        STOP,
    ),
    "TIMESTAMP_WRONG": Explained(
        Text(
            "文件的时间戳登记或令牌与该文件不符",
            "the time stamp beside a file is of another file, or none",
        ),
        STOP,
    ),
    **OF_LOG,
    **OF_ERASURES,
}
"""Every code a defect may have."""

UNCHECKED: Final[dict[str, Text]] = {
    "LOG_NOT_BEGUN": Text(
        "未与透明日志核对：日志尚无检查点（请运行 certsvc log adopt，再运行 certsvc log advance）",
        "nothing was held against the log: it has no checkpoint yet; run: certsvc log adopt, then "
        "certsvc log advance",
    ),
    "NO_SM2_LIBRARY": Text(
        "未检查 OFD 签章的 SM2 签名：本机 libcrypto 没有 SM2（请安装 OpenSSL 3）",
        "the SM2 signatures of OFD files were not checked: this machine's libcrypto has no SM2; "
        "install OpenSSL 3",
    ),
    "NO_OPENSSL_PROGRAM": Text(
        "未用 openssl 程序抽查签章：本机没有该程序（请安装 openssl）",
        "no signature was given to the openssl program: it is not on this machine; install openssl",
    ),
    "NO_STORE": Text(
        "未检查任何文件：存储目录不存在或无法读取（磁盘是否已挂载？）",
        "no file was checked: the folder of issued files is not there or cannot be read; "
        "is its disk mounted?",
    ),
    "FILE_UNREACHABLE": Text(
        "有文件读取出错而未检查（请检查磁盘后重试）",
        "a file could not be read and was not checked; see to the disk and try again",
    ),
    "NO_POLICY": Text(
        "未检查该类型证书的规则：没有该类型的模板（请恢复 CERTSVC_TEMPLATES_DIR）",
        "the rules of this type's certificates were not checked: there is no template of the type; "
        "restore CERTSVC_TEMPLATES_DIR",
    ),
    "JUDGE_BROKE": Text(
        "有文件在检查中出现意外错误而未检查完（请报告）",
        "a check of a file ended by an unforeseen error and was not finished; please report it",
    ),
}
"""What could not be checked, and what to do so that it can be."""
