//! The preset of Jiangsu: thirteen cities and their county-level divisions in May 2020.

use crate::city::{City, Province};
use crate::day::CivilDay;

/// Slug, name and county-level divisions, these in the order of their codes in GB/T 2260.
type Entry = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

/// The day as of which [`jiangsu`] lists the county-level divisions.
pub const JIANGSU_DIVISIONS_AS_OF: CivilDay = CivilDay::of_2020(5, 31);

/// Where the county-level divisions of [`jiangsu`] come from.
///
/// The bureau's lists of 31 October 2019 and of 30 June 2020 hold the same 96 divisions, so they were in force on every day between.
/// They also hold eleven development zones, which exist for statistics only.
pub const JIANGSU_DIVISIONS_SOURCE: &str = "国家统计局《统计用区划代码》，截止时间2019年10月31日（2020年2月25日发布）和2020年6月30日（2020年11月6日发布）";

/// Returns Jiangsu: its thirteen cities with their 96 county-level divisions.
///
/// The cities stand in the order in which they played in 2020.
/// The divisions are those in force [on 31 May 2020](JIANGSU_DIVISIONS_AS_OF), while the postponed edition was running: 55 districts, 22 county-level cities, 19 counties; see [the source](JIANGSU_DIVISIONS_SOURCE).
/// In July 2020 Gangzha was merged into Chongchuan and the city of Haimen became a district; both changes are later than this list and not in it; since then there are 95.
/// Development zones and industrial parks, such as the one of Suzhou, are not county-level divisions and not listed.
#[must_use]
pub fn jiangsu() -> Province {
    let of_preset = |&(slug, name, districts): &Entry| City::of_preset(slug, name, districts);
    Province::of_preset("江苏省", CITIES.iter().map(of_preset).collect())
}

const CITIES: [Entry; 13] = [
    ("yancheng", "盐城市", &YANCHENG),
    ("suzhou", "苏州市", &SUZHOU),
    ("nanjing", "南京市", &NANJING),
    ("xuzhou", "徐州市", &XUZHOU),
    ("yangzhou", "扬州市", &YANGZHOU),
    ("changzhou", "常州市", &CHANGZHOU),
    ("taizhou", "泰州市", &TAIZHOU),
    ("zhenjiang", "镇江市", &ZHENJIANG),
    ("suqian", "宿迁市", &SUQIAN),
    ("lianyungang", "连云港市", &LIANYUNGANG),
    ("nantong", "南通市", &NANTONG),
    ("huaian", "淮安市", &HUAIAN),
    ("wuxi", "无锡市", &WUXI),
];

const YANCHENG: [(&str, &str); 9] = [
    ("tinghu", "亭湖区"),
    ("yandu", "盐都区"),
    ("dafeng", "大丰区"),
    ("xiangshui", "响水县"),
    ("binhai", "滨海县"),
    ("funing", "阜宁县"),
    ("sheyang", "射阳县"),
    ("jianhu", "建湖县"),
    ("dongtai", "东台市"),
];

const SUZHOU: [(&str, &str); 9] = [
    ("huqiu", "虎丘区"),
    ("wuzhong", "吴中区"),
    ("xiangcheng", "相城区"),
    ("gusu", "姑苏区"),
    ("wujiang", "吴江区"),
    ("changshu", "常熟市"),
    ("zhangjiagang", "张家港市"),
    ("kunshan", "昆山市"),
    ("taicang", "太仓市"),
];

const NANJING: [(&str, &str); 11] = [
    ("xuanwu", "玄武区"),
    ("qinhuai", "秦淮区"),
    ("jianye", "建邺区"),
    ("gulou", "鼓楼区"),
    ("pukou", "浦口区"),
    ("qixia", "栖霞区"),
    ("yuhuatai", "雨花台区"),
    ("jiangning", "江宁区"),
    ("luhe", "六合区"),
    ("lishui", "溧水区"),
    ("gaochun", "高淳区"),
];

const XUZHOU: [(&str, &str); 10] = [
    ("gulou", "鼓楼区"),
    ("yunlong", "云龙区"),
    ("jiawang", "贾汪区"),
    ("quanshan", "泉山区"),
    ("tongshan", "铜山区"),
    ("fengxian", "丰县"),
    ("peixian", "沛县"),
    ("suining", "睢宁县"),
    ("xinyi", "新沂市"),
    ("pizhou", "邳州市"),
];

const YANGZHOU: [(&str, &str); 6] = [
    ("guangling", "广陵区"),
    ("hanjiang", "邗江区"),
    ("jiangdu", "江都区"),
    ("baoying", "宝应县"),
    ("yizheng", "仪征市"),
    ("gaoyou", "高邮市"),
];

const CHANGZHOU: [(&str, &str); 6] = [
    ("tianning", "天宁区"),
    ("zhonglou", "钟楼区"),
    ("xinbei", "新北区"),
    ("wujin", "武进区"),
    ("jintan", "金坛区"),
    ("liyang", "溧阳市"),
];

const TAIZHOU: [(&str, &str); 6] = [
    ("hailing", "海陵区"),
    ("gaogang", "高港区"),
    ("jiangyan", "姜堰区"),
    ("xinghua", "兴化市"),
    ("jingjiang", "靖江市"),
    ("taixing", "泰兴市"),
];

const ZHENJIANG: [(&str, &str); 6] = [
    ("jingkou", "京口区"),
    ("runzhou", "润州区"),
    ("dantu", "丹徒区"),
    ("danyang", "丹阳市"),
    ("yangzhong", "扬中市"),
    ("jurong", "句容市"),
];

const SUQIAN: [(&str, &str); 5] = [
    ("sucheng", "宿城区"),
    ("suyu", "宿豫区"),
    ("shuyang", "沭阳县"),
    ("siyang", "泗阳县"),
    ("sihong", "泗洪县"),
];

const LIANYUNGANG: [(&str, &str); 6] = [
    ("lianyun", "连云区"),
    ("haizhou", "海州区"),
    ("ganyu", "赣榆区"),
    ("donghai", "东海县"),
    ("guanyun", "灌云县"),
    ("guannan", "灌南县"),
];

const NANTONG: [(&str, &str); 8] = [
    ("chongchuan", "崇川区"),
    ("gangzha", "港闸区"),
    ("tongzhou", "通州区"),
    ("rudong", "如东县"),
    ("qidong", "启东市"),
    ("rugao", "如皋市"),
    ("haimen", "海门市"),
    ("haian", "海安市"),
];

const HUAIAN: [(&str, &str); 7] = [
    ("huaian", "淮安区"),
    ("huaiyin", "淮阴区"),
    ("qingjiangpu", "清江浦区"),
    ("hongze", "洪泽区"),
    ("lianshui", "涟水县"),
    ("xuyi", "盱眙县"),
    ("jinhu", "金湖县"),
];

const WUXI: [(&str, &str); 7] = [
    ("xishan", "锡山区"),
    ("huishan", "惠山区"),
    ("binhu", "滨湖区"),
    ("liangxi", "梁溪区"),
    ("xinwu", "新吴区"),
    ("jiangyin", "江阴市"),
    ("yixing", "宜兴市"),
];
